/* File.Copy between two open files: shared blocks where the file system can, the kernel's copy, else our own. */
#include "system_native.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef FICLONE
#define FICLONE _IOW(0x94, 9, int)
#endif
#ifndef SYS_copy_file_range
#if defined(__x86_64__)
#define SYS_copy_file_range 326
#elif defined(__aarch64__)
#define SYS_copy_file_range 285
#endif
#endif

enum { COPY_BUFFER_BYTES = 80 * 1024 };

static size_t chunk_bytes(int64_t remaining)
{
    return (uint64_t)remaining > (uint64_t)SSIZE_MAX ? (size_t)SSIZE_MAX : (size_t)remaining;
}

/* Copies inside the kernel as far as it goes and returns the number of bytes left; both files' positions have moved by the
 * rest. sendfile is for kernels and file-system pairs that copy_file_range refuses before the first byte. */
static int64_t copy_in_kernel(int source, int destination, int64_t length)
{
    int64_t remaining = length;
    while (remaining > 0) {
        ssize_t count = syscall(SYS_copy_file_range, source, NULL, destination, NULL, chunk_bytes(remaining), 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        remaining -= count;
    }
    while (remaining > 0) {
        ssize_t count = sendfile(destination, source, NULL, chunk_bytes(remaining));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        remaining -= count;
    }
    return remaining;
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count;
        SN_RETRY(count, write(fd, bytes, length));
        if (count < 0)
            return -1;
        bytes += count;
        length -= (size_t)count;
    }
    return 0;
}

static int copy_through_buffer(int source, int destination)
{
    char *buffer = malloc(COPY_BUFFER_BYTES);
    if (buffer == NULL)
        return -1;
    int result;
    for (;;) {
        ssize_t count;
        SN_RETRY(count, read(source, buffer, COPY_BUFFER_BYTES));
        result = count < 0 ? -1 : write_all(destination, buffer, (size_t)count);
        if (result < 0 || count == 0)
            break;
    }
    int error = errno;
    free(buffer);
    errno = error;
    return result;
}

/* File systems without POSIX owners answer EPERM to changes of mode and times: the data is copied all the same. */
static int copy_mode_and_times(int source, int destination)
{
    struct stat status;
    int result;
    SN_RETRY(result, fstat(source, &status));
    if (result < 0)
        return -1;
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    SN_RETRY(result, futimens(destination, times));
    if (result < 0 && errno != EPERM)
        return -1;
    SN_RETRY(result, fchmod(destination, status.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO)));
    return result < 0 && errno != EPERM ? -1 : 0;
}

/* source_length is what fstat said; files of /proc say 0 and still have content, so they are read to their end. */
int32_t SystemNative_CopyFile(intptr_t source_fd, intptr_t destination_fd, int64_t source_length)
{
    int source = sn_fd(source_fd);
    int destination = sn_fd(destination_fd);
    int result = -1;
    if (source_length > 0)
        SN_RETRY(result, ioctl(destination, FICLONE, source));
    if (result < 0) {
        int64_t remaining = copy_in_kernel(source, destination, source_length);
        if ((source_length <= 0 || remaining > 0) && copy_through_buffer(source, destination) < 0)
            return -1;
    }
    return copy_mode_and_times(source, destination);
}
