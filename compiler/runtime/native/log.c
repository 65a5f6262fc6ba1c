/* Diagnostic output that does not go through System.Console, and formatting of terminal strings. */
#include "system_native.h"

#include <stdio.h>
#include <syslog.h>

static_assert(LOG_EMERG == 0 && LOG_ERR == 3 && LOG_DEBUG == 7, "SysLogPriority");

void SystemNative_Log(uint8_t *buffer, int32_t length)
{
    fwrite(buffer, 1, (size_t)length, stdout);
    fflush(stdout);
}

void SystemNative_LogError(uint8_t *buffer, int32_t length)
{
    fwrite(buffer, 1, (size_t)length, stderr);
    fflush(stderr);
}

/* message is a format with one %s. */
void SystemNative_SysLog(int32_t priority, const char *message, const char *argument)
{
    syslog(LOG_USER | priority, message, argument);
}

/* The formats come from the terminal's description (terminfo): one string or one number. */
int32_t SystemNative_SNPrintF_1S(char *buffer, int32_t length, const char *format, char *argument)
{
    if (length < 0)
        return -1;
    return snprintf(buffer, (size_t)length, format, argument);
}

int32_t SystemNative_SNPrintF_1I(char *buffer, int32_t length, const char *format, int32_t argument)
{
    if (length < 0)
        return -1;
    return snprintf(buffer, (size_t)length, format, argument);
}
