/* What the file system knows about a file: type, permissions, owner, times, and how to change them. */
#include "system_native.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static_assert(S_IFMT == 0xF000 && S_IFIFO == 0x1000 && S_IFCHR == 0x2000 && S_IFDIR == 0x4000, "FileTypes");
static_assert(S_IFBLK == 0x6000 && S_IFREG == 0x8000 && S_IFLNK == 0xA000 && S_IFSOCK == 0xC000, "FileTypes");
static_assert(F_OK == 0 && X_OK == 1 && W_OK == 2 && R_OK == 4, "AccessMode");

/* Birth times stay unknown, as in .NET on Linux: File.GetCreationTime takes the older of the other times then. */
static void convert_status(const struct stat *from, SnFileStatus *to)
{
    *to = (SnFileStatus){
        .mode = (int32_t)from->st_mode,
        .uid = from->st_uid,
        .gid = from->st_gid,
        .size_bytes = from->st_size,
        .access_time = from->st_atim.tv_sec,
        .access_time_ns = from->st_atim.tv_nsec,
        .modify_time = from->st_mtim.tv_sec,
        .modify_time_ns = from->st_mtim.tv_nsec,
        .change_time = from->st_ctim.tv_sec,
        .change_time_ns = from->st_ctim.tv_nsec,
        .device = (int64_t)from->st_dev,
        .special_device = (int64_t)from->st_rdev,
        .inode = (int64_t)from->st_ino,
    };
}

int32_t SystemNative_Stat(const char *path, SnFileStatus *status)
{
    struct stat native;
    int32_t result;
    SN_RETRY(result, stat(path, &native));
    if (result == 0)
        convert_status(&native, status);
    return result;
}

int32_t SystemNative_LStat(const char *path, SnFileStatus *status)
{
    struct stat native;
    int32_t result;
    SN_RETRY(result, lstat(path, &native));
    if (result == 0)
        convert_status(&native, status);
    return result;
}

int32_t SystemNative_FStat(intptr_t fd, SnFileStatus *status)
{
    struct stat native;
    int32_t result;
    SN_RETRY(result, fstat(sn_fd(fd), &native));
    if (result == 0)
        convert_status(&native, status);
    return result;
}

int32_t SystemNative_Access(const char *path, int32_t mode)
{
    return access(path, mode);
}

int32_t SystemNative_ChMod(const char *path, int32_t mode)
{
    int32_t result;
    SN_RETRY(result, chmod(path, (mode_t)mode));
    return result;
}

int32_t SystemNative_FChMod(intptr_t fd, int32_t mode)
{
    int32_t result;
    SN_RETRY(result, fchmod(sn_fd(fd), (mode_t)mode));
    return result;
}

/* times[0] is the access time, times[1] the modification time; a symbolic link itself is changed, not its target. */
int32_t SystemNative_UTimensat(const char *path, SnTimeSpec *times)
{
    const struct timespec native[2] = {{times[0].seconds, times[0].nanoseconds}, {times[1].seconds, times[1].nanoseconds}};
    int32_t result;
    SN_RETRY(result, utimensat(AT_FDCWD, path, native, AT_SYMLINK_NOFOLLOW));
    return result;
}

int32_t SystemNative_FUTimens(intptr_t fd, SnTimeSpec *times)
{
    const struct timespec native[2] = {{times[0].seconds, times[0].nanoseconds}, {times[1].seconds, times[1].nanoseconds}};
    int32_t result;
    SN_RETRY(result, futimens(sn_fd(fd), native));
    return result;
}

/* BSD file flags do not exist on Linux. */
int32_t SystemNative_LChflags(const char *path, uint32_t flags)
{
    (void)path;
    (void)flags;
    errno = ENOTSUP;
    return -1;
}

int32_t SystemNative_FChflags(intptr_t fd, uint32_t flags)
{
    (void)fd;
    (void)flags;
    errno = ENOTSUP;
    return -1;
}

int32_t SystemNative_LChflagsCanSetHiddenFlag(void)
{
    return 0;
}

int32_t SystemNative_CanGetHiddenFlag(void)
{
    return 0;
}

/* The file system's magic number (Interop.Sys.UnixFileSystemTypes has Linux's values), 0 when it cannot be had. */
uint32_t SystemNative_GetFileSystemType(intptr_t fd)
{
    struct statfs status;
    int result;
    SN_RETRY(result, fstatfs(sn_fd(fd), &status));
    return result == 0 ? (uint32_t)status.f_type : 0;
}

void SystemNative_GetDeviceIdentifiers(uint64_t device, uint32_t *major_number, uint32_t *minor_number)
{
    *major_number = (uint32_t)major((dev_t)device);
    *minor_number = (uint32_t)minor((dev_t)device);
}
