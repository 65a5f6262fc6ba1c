/* Random bytes from the kernel. */
#include "system_native.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int random_from_device(uint8_t *buffer, size_t length)
{
    int fd;
    SN_RETRY(fd, open("/dev/urandom", O_RDONLY | O_CLOEXEC));
    if (fd < 0)
        return -1;
    int result = 0;
    while (length > 0 && result == 0) {
        ssize_t count;
        SN_RETRY(count, read(fd, buffer, length));
        if (count <= 0) {
            result = -1;
            break;
        }
        buffer += count;
        length -= (size_t)count;
    }
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

/* getrandom by number: C libraries older than the kernel's 3.17 lack the function. Kernels that lack the call have the device. */
int32_t SystemNative_GetCryptographicallySecureRandomBytes(uint8_t *buffer, int32_t length)
{
    size_t remaining = length < 0 ? 0 : (size_t)length;
    while (remaining > 0) {
        long count = syscall(SYS_getrandom, buffer, remaining, 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return random_from_device(buffer, remaining);
        buffer += count;
        remaining -= (size_t)count;
    }
    return 0;
}

/* Seeds of System.Random and string hashing. When the kernel gives nothing (a sandbox without both sources) the bytes still
 * differ between runs: a splitmix64 sequence from the clock and the stack's address, which is all that is promised here. */
void SystemNative_GetNonCryptographicallySecureRandomBytes(uint8_t *buffer, int32_t length)
{
    if (SystemNative_GetCryptographicallySecureRandomBytes(buffer, length) == 0)
        return;
    uint64_t state = SystemNative_GetTimestamp() ^ (uint64_t)(uintptr_t)&state ^ ((uint64_t)getpid() << 32);
    for (int32_t i = 0; i < length; i++) {
        state += UINT64_C(0x9E3779B97F4A7C15);
        uint64_t mixed = (state ^ (state >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
        buffer[i] = (uint8_t)(mixed >> 31);
    }
}
