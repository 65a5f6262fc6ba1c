/* Environment variables of the process. */
#include "system_native.h"

#include <stdlib.h>
#include <unistd.h>

char *SystemNative_GetEnv(const char *name)
{
    return getenv(name);
}

/* The live environment block, "NAME=value" strings up to a NULL; nothing is handed over. */
char **SystemNative_GetEnviron(void)
{
    return environ;
}

void SystemNative_FreeEnviron(char **environment)
{
    (void)environment;
}
