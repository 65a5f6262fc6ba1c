/* errno values <-> the class library's own error numbers (Interop.Error), and their texts. */
#include "system_native.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

static_assert(EOPNOTSUPP == ENOTSUP && EWOULDBLOCK == EAGAIN, "one case label each below");

SnError SystemNative_ConvertErrorPlatformToPal(int32_t platform_errno)
{
    switch (platform_errno) {
    case 0:
        return SN_SUCCESS;
#define FROM_PLATFORM(name, number)                                                                                    \
    case name:                                                                                                         \
        return number;
        SN_ERROR_LIST(FROM_PLATFORM)
#undef FROM_PLATFORM
    default:
        return SN_ENONSTANDARD;
    }
}

/* The two errors without an errno become the negative of their number, which no errno can be. */
int32_t SystemNative_ConvertErrorPalToPlatform(SnError error)
{
    switch (error) {
    case SN_SUCCESS:
        return 0;
#define TO_PLATFORM(name, number)                                                                                      \
    case number:                                                                                                       \
        return name;
        SN_ERROR_LIST(TO_PLATFORM)
#undef TO_PLATFORM
    case SN_EHOSTNOTFOUND:
    case SN_ESOCKETERROR:
        return -error;
    default:
        return -1;
    }
}

/* Returns the text, which may or may not stand in `buffer`. NULL when `buffer` was too small for it. */
const char *SystemNative_StrErrorR(int32_t platform_errno, char *buffer, int32_t buffer_length)
{
    if (buffer_length < 0)
        return NULL;
    const char *text = NULL;
    if (platform_errno == -SN_EHOSTNOTFOUND)
        text = gai_strerror(EAI_NONAME);
    else if (platform_errno == -SN_ESOCKETERROR)
        text = "Unknown socket error";
    if (text != NULL) {
        snprintf(buffer, (size_t)buffer_length, "%s", text);
        return buffer;
    }
#ifdef __GLIBC__
    return strerror_r(platform_errno, buffer, (size_t)buffer_length);
#else
    return strerror_r(platform_errno, buffer, (size_t)buffer_length) == ERANGE ? NULL : buffer;
#endif
}

int32_t SystemNative_GetErrNo(void)
{
    return errno;
}

void SystemNative_SetErrNo(int32_t error)
{
    errno = error;
}
