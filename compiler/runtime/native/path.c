/* Names in the file system: create, remove, rename, link, temporary names, the current directory. */
#include "system_native.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

int32_t SystemNative_Unlink(const char *path)
{
    int32_t result;
    SN_RETRY(result, unlink(path));
    return result;
}

int32_t SystemNative_Rename(const char *old_path, const char *new_path)
{
    int32_t result;
    SN_RETRY(result, rename(old_path, new_path));
    return result;
}

int32_t SystemNative_Link(const char *source, const char *link_path)
{
    int32_t result;
    SN_RETRY(result, link(source, link_path));
    return result;
}

int32_t SystemNative_SymLink(const char *target, const char *link_path)
{
    int32_t result;
    SN_RETRY(result, symlink(target, link_path));
    return result;
}

/* Bytes written; no zero byte is appended. A result equal to `length` may mean that the target is longer. */
int32_t SystemNative_ReadLink(const char *path, char *buffer, int32_t length)
{
    if (length <= 0) {
        errno = EINVAL;
        return -1;
    }
    return (int32_t)readlink(path, buffer, (size_t)length);
}

int32_t SystemNative_MkDir(const char *path, int32_t mode)
{
    int32_t result;
    SN_RETRY(result, mkdir(path, (mode_t)mode));
    return result;
}

int32_t SystemNative_RmDir(const char *path)
{
    int32_t result;
    SN_RETRY(result, rmdir(path));
    return result;
}

int32_t SystemNative_ChDir(const char *path)
{
    int32_t result;
    SN_RETRY(result, chdir(path));
    return result;
}

char *SystemNative_GetCwd(char *buffer, int32_t length)
{
    if (length < 0) {
        errno = EINVAL;
        return NULL;
    }
    return getcwd(buffer, (size_t)length);
}

char *SystemNative_RealPath(const char *path)
{
    return realpath(path, NULL);
}

char *SystemNative_MkdTemp(char *path_template)
{
    char *result;
    do {
        result = mkdtemp(path_template);
    } while (result == NULL && errno == EINTR);
    return result;
}

intptr_t SystemNative_MksTemps(char *path_template, int32_t suffix_length)
{
    int fd;
    SN_RETRY(fd, mkstemps(path_template, suffix_length));
    return fd;
}

int32_t SystemNative_MkFifo(const char *path, uint32_t mode)
{
    int32_t result;
    SN_RETRY(result, mkfifo(path, (mode_t)mode));
    return result;
}

int32_t SystemNative_MkNod(const char *path, uint32_t mode, uint32_t major_number, uint32_t minor_number)
{
    int32_t result;
    SN_RETRY(result, mknod(path, (mode_t)mode, makedev(major_number, minor_number)));
    return result;
}
