/* The machine, the operating system and this program's place in it. */
#include "system_native.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* name: Interop.Sys.SysConfName. */
int64_t SystemNative_SysConf(int32_t name)
{
    switch (name) {
    case 1:
        return sysconf(_SC_CLK_TCK);
    case 2:
        return sysconf(_SC_PAGESIZE);
    default:
        errno = EINVAL;
        return -1;
    }
}

char *SystemNative_GetUnixRelease(void)
{
    struct utsname name;
    return uname(&name) < 0 ? NULL : strdup(name.release);
}

/* "Linux <release> <version>". When it needs more than *capacity bytes: -1, and the size needed in *capacity. */
int32_t SystemNative_GetUnixVersion(char *version, int32_t *capacity)
{
    struct utsname name;
    if (uname(&name) < 0)
        return 0;
    int length = snprintf(version, (size_t)*capacity, "%s %s %s", name.sysname, name.release, name.version);
    if (length <= *capacity)
        return 0;
    *capacity = length + 1;
    return -1;
}

/* The kernel's architecture as System.Runtime.InteropServices.Architecture, -1 when it has none. */
int32_t SystemNative_GetOSArchitecture(void)
{
    static const struct {
        const char *prefix;
        int32_t architecture;
    } machines[] = {
        {"x86_64", 1}, {"amd64", 1}, {"aarch64", 3},     {"arm64", 3},  {"armv6", 7},   {"arm", 2},
        {"s390x", 5},  {"i386", 0},  {"loongarch64", 6}, {"i486", 0},   {"ppc64le", 8}, {"i586", 0},
        {"i686", 0},   {"i286", 0},  {"riscv64", 9},
    };
    struct utsname name;
    if (uname(&name) < 0)
        return -1;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (strncmp(name.machine, machines[i].prefix, strlen(machines[i].prefix)) == 0)
            return machines[i].architecture;
    return -1;
}

int32_t SystemNative_GetHostName(uint8_t *name, int32_t length)
{
    int32_t result = gethostname((char *)name, (size_t)length);
    if (length > 0)
        name[length - 1] = '\0'; /* POSIX leaves a cut name without its end */
    return result;
}

int32_t SystemNative_GetDomainName(uint8_t *name, int32_t length)
{
    int32_t result = getdomainname((char *)name, (size_t)length);
    if (length > 0)
        name[length - 1] = '\0';
    return result;
}

/* The running executable's path without symbolic links, to be freed by the caller. */
char *SystemNative_GetProcessPath(void)
{
    return realpath("/proc/self/exe", NULL);
}

/* Stands for "all libraries loaded so far" in NativeLibrary.GetMainProgramHandle. */
void *SystemNative_GetDefaultSearchOrderPseudoHandle(void)
{
    return dlopen(NULL, RTLD_LAZY);
}
