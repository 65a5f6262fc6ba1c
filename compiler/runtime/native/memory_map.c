/* Memory-mapped files and shared memory objects. */
#include "system_native.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SHARED_PATH_BYTES = NAME_MAX + sizeof "/dev/shm/" };
enum { PAL_MAP_ALL = 0x13, PAL_MS_ASYNC = 0x01, PAL_MS_SYNC = 0x02, PAL_MS_INVALIDATE = 0x10, PAL_MADV_DONTFORK = 1 };

static_assert(PROT_NONE == 0 && PROT_READ == 1 && PROT_WRITE == 2 && PROT_EXEC == 4, "MemoryMappedProtections");
static_assert(MAP_SHARED == 0x01 && MAP_PRIVATE == 0x02, "MemoryMappedFlags");

static bool fits_size(uint64_t length)
{
    if (length <= SIZE_MAX)
        return true;
    errno = ERANGE;
    return false;
}

void *SystemNative_MMap(void *address, uint64_t length, int32_t protection, int32_t flags, intptr_t fd, int64_t offset)
{
    if (!fits_size(length))
        return NULL;
    if ((protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) != 0 || (flags & ~PAL_MAP_ALL) != 0) {
        errno = EINVAL;
        return NULL;
    }
    int native_flags = (flags & (MAP_SHARED | MAP_PRIVATE)) | ((flags & 0x10) != 0 ? MAP_ANONYMOUS : 0);
    void *mapping = mmap(address, (size_t)length, protection, native_flags, sn_fd(fd), offset);
    return mapping == MAP_FAILED ? NULL : mapping;
}

int32_t SystemNative_MUnmap(void *address, uint64_t length)
{
    return fits_size(length) ? munmap(address, (size_t)length) : -1;
}

int32_t SystemNative_MSync(void *address, uint64_t length, int32_t flags)
{
    if (!fits_size(length))
        return -1;
    if ((flags & ~(PAL_MS_ASYNC | PAL_MS_SYNC | PAL_MS_INVALIDATE)) != 0) {
        errno = EINVAL;
        return -1;
    }
    int native_flags = ((flags & PAL_MS_ASYNC) != 0 ? MS_ASYNC : 0) | ((flags & PAL_MS_SYNC) != 0 ? MS_SYNC : 0) |
                       ((flags & PAL_MS_INVALIDATE) != 0 ? MS_INVALIDATE : 0);
    return msync(address, (size_t)length, native_flags);
}

int32_t SystemNative_MAdvise(void *address, uint64_t length, int32_t advice)
{
    if (!fits_size(length))
        return -1;
    if (advice != PAL_MADV_DONTFORK) {
        errno = EINVAL;
        return -1;
    }
    return madvise(address, (size_t)length, MADV_DONTFORK);
}

/* The path of a shared memory object in Linux's tmpfs for them, as shm_open has it (older C libraries keep that function in a
 * library of its own). False with errno for a name that is no plain file name. */
static bool shared_memory_path(const char *name, char path[SHARED_PATH_BYTES])
{
    while (*name == '/')
        name++;
    bool is_plain = *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
    if (!is_plain || strlen(name) > NAME_MAX) {
        errno = is_plain ? ENAMETOOLONG : EINVAL;
        return false;
    }
    snprintf(path, SHARED_PATH_BYTES, "/dev/shm/%s", name);
    return true;
}

intptr_t SystemNative_ShmOpen(const char *name, int32_t flags, int32_t mode)
{
    char path[SHARED_PATH_BYTES];
    int32_t native_flags = sn_open_flags(flags);
    if (native_flags == -1) {
        errno = EINVAL;
        return -1;
    }
    if (!shared_memory_path(name, path))
        return -1;
    int fd;
    SN_RETRY(fd, open(path, native_flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, (mode_t)mode));
    return fd;
}

int32_t SystemNative_ShmUnlink(const char *name)
{
    char path[SHARED_PATH_BYTES];
    if (!shared_memory_path(name, path)) {
        if (errno == EINVAL)
            errno = ENOENT;
        return -1;
    }
    int32_t result;
    SN_RETRY(result, unlink(path));
    if (result < 0 && errno == EPERM)
        errno = EACCES;
    return result;
}
