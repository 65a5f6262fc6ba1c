/* Open files: open, read, write, position, length, hints and locks. */
#include "system_native.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

static_assert(sizeof(off_t) == 8, "file offsets are 64 bits wide");
static_assert(SEEK_SET == 0 && SEEK_CUR == 1 && SEEK_END == 2, "SeekWhence");
static_assert(LOCK_SH == 1 && LOCK_EX == 2 && LOCK_NB == 4 && LOCK_UN == 8, "LockOperations");
static_assert(sizeof(SnIOVector) == sizeof(struct iovec), "IOVector");
static_assert(offsetof(SnIOVector, base) == offsetof(struct iovec, iov_base), "IOVector");
static_assert(offsetof(SnIOVector, count) == offsetof(struct iovec, iov_len), "IOVector");

int32_t sn_open_flags(int32_t flags)
{
    static const struct {
        int32_t pal;
        int platform;
    } bits[] = {
        {SN_O_CLOEXEC, O_CLOEXEC}, {SN_O_CREAT, O_CREAT}, {SN_O_EXCL, O_EXCL},
        {SN_O_TRUNC, O_TRUNC},     {SN_O_SYNC, O_SYNC},   {SN_O_NOFOLLOW, O_NOFOLLOW},
    };
    int32_t access_mode = flags & SN_O_ACCESS_MASK;
    if (access_mode > SN_O_RDWR)
        return -1;
    int32_t result = access_mode == SN_O_RDONLY ? O_RDONLY : access_mode == SN_O_WRONLY ? O_WRONLY : O_RDWR;
    int32_t rest = flags & ~SN_O_ACCESS_MASK;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if (rest & bits[i].pal)
            result |= bits[i].platform;
        rest &= ~bits[i].pal;
    }
    return rest == 0 ? result : -1;
}

intptr_t SystemNative_Open(const char *path, int32_t flags, int32_t mode)
{
    int32_t platform_flags = sn_open_flags(flags);
    if (platform_flags == -1) {
        errno = EINVAL;
        return -1;
    }
    int fd;
    SN_RETRY(fd, open(path, platform_flags, (mode_t)mode));
    return fd;
}

/* Never repeated: after EINTR Linux has closed the descriptor, and its number may be another file's by now. */
int32_t SystemNative_Close(intptr_t fd)
{
    return close(sn_fd(fd));
}

intptr_t SystemNative_Dup(intptr_t fd)
{
    int copy;
    SN_RETRY(copy, fcntl(sn_fd(fd), F_DUPFD_CLOEXEC, 0));
    return copy;
}

int32_t SystemNative_Read(intptr_t fd, void *buffer, int32_t length)
{
    if (length < 0) {
        errno = EINVAL;
        return -1;
    }
    ssize_t count;
    SN_RETRY(count, read(sn_fd(fd), buffer, (size_t)length));
    return (int32_t)count;
}

int32_t SystemNative_Write(intptr_t fd, const void *buffer, int32_t length)
{
    if (length < 0) {
        errno = ERANGE;
        return -1;
    }
    ssize_t count;
    SN_RETRY(count, write(sn_fd(fd), buffer, (size_t)length));
    return (int32_t)count;
}

int32_t SystemNative_PRead(intptr_t fd, void *buffer, int32_t length, int64_t offset)
{
    ssize_t count;
    SN_RETRY(count, pread(sn_fd(fd), buffer, (uint32_t)length, offset));
    return (int32_t)count;
}

int32_t SystemNative_PWrite(intptr_t fd, const void *buffer, int32_t length, int64_t offset)
{
    ssize_t count;
    SN_RETRY(count, pwrite(sn_fd(fd), buffer, (uint32_t)length, offset));
    return (int32_t)count;
}

int64_t SystemNative_PReadV(intptr_t fd, SnIOVector *vectors, int32_t n_vectors, int64_t offset)
{
    int64_t count;
    SN_RETRY(count, preadv(sn_fd(fd), (const struct iovec *)vectors, n_vectors, offset));
    return count;
}

int64_t SystemNative_PWriteV(intptr_t fd, SnIOVector *vectors, int32_t n_vectors, int64_t offset)
{
    int64_t count;
    SN_RETRY(count, pwritev(sn_fd(fd), (const struct iovec *)vectors, n_vectors, offset));
    return count;
}

int64_t SystemNative_LSeek(intptr_t fd, int64_t offset, int32_t whence)
{
    int64_t position;
    SN_RETRY(position, lseek(sn_fd(fd), offset, whence));
    return position;
}

int32_t SystemNative_FSync(intptr_t fd)
{
    int32_t result;
    SN_RETRY(result, fsync(sn_fd(fd)));
    return result;
}

int32_t SystemNative_FTruncate(intptr_t fd, int64_t length)
{
    int32_t result;
    SN_RETRY(result, ftruncate(sn_fd(fd), length));
    return result;
}

/* Reserves space; the file's length stays (FileStreamOptions.PreallocationSize sets the length by itself). */
int32_t SystemNative_FAllocate(intptr_t fd, int64_t offset, int64_t length)
{
    int32_t result;
    SN_RETRY(result, fallocate(sn_fd(fd), FALLOC_FL_KEEP_SIZE, offset, length));
    return result;
}

/* Returns an errno value, not -1: posix_fadvise does. */
int32_t SystemNative_PosixFAdvise(intptr_t fd, int64_t offset, int64_t length, int32_t advice)
{
    static const int platform_advice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_RANDOM,   POSIX_FADV_SEQUENTIAL,
                                          POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE};
    if (advice < 0 || advice >= (int32_t)(sizeof platform_advice / sizeof platform_advice[0]))
        return EINVAL;
    return posix_fadvise(sn_fd(fd), offset, length, platform_advice[advice]);
}

int32_t SystemNative_FLock(intptr_t fd, int32_t operation)
{
    int32_t result;
    SN_RETRY(result, flock(sn_fd(fd), operation));
    return result;
}

/* lock_type: 0 read, 1 write, otherwise unlock. Never waits. */
int32_t SystemNative_LockFileRegion(intptr_t fd, int64_t offset, int64_t length, int16_t lock_type)
{
    if (offset < 0 || length < 0) {
        errno = EINVAL;
        return -1;
    }
    struct flock region = {
        .l_type = lock_type == 0 ? F_RDLCK : lock_type == 1 ? F_WRLCK : F_UNLCK,
        .l_whence = SEEK_SET,
        .l_start = offset,
        .l_len = length,
    };
    int32_t result;
    SN_RETRY(result, fcntl(sn_fd(fd), F_SETLK, &region));
    return result;
}

void SystemNative_Sync(void)
{
    sync();
}
