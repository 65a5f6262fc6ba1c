/* Pipes, descriptor flags and waiting for descriptors. */
#include "system_native.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static_assert(POLLIN == 1 && POLLPRI == 2 && POLLOUT == 4 && POLLERR == 8 && POLLHUP == 16 && POLLNVAL == 32, "PollEvents");
static_assert(sizeof(SnPollEvent) == sizeof(struct pollfd), "PollEvent");
static_assert(offsetof(SnPollEvent, descriptor) == offsetof(struct pollfd, fd), "PollEvent");
static_assert(offsetof(SnPollEvent, events) == offsetof(struct pollfd, events), "PollEvent");
static_assert(offsetof(SnPollEvent, triggered) == offsetof(struct pollfd, revents), "PollEvent");

/* fds[0] is the end to read from. flags: 0 or SN_O_CLOEXEC. */
int32_t SystemNative_Pipe(int32_t fds[2], int32_t flags)
{
    if (flags != 0 && flags != SN_O_CLOEXEC) {
        errno = EINVAL;
        return -1;
    }
    int32_t result;
    SN_RETRY(result, pipe2(fds, flags == 0 ? 0 : O_CLOEXEC));
    return result;
}

/* flags: 0 lets child processes inherit the descriptor, SN_O_CLOEXEC or FD_CLOEXEC keeps it from them. */
int32_t SystemNative_FcntlSetFD(intptr_t fd, int32_t flags)
{
    int32_t result;
    SN_RETRY(result, fcntl(sn_fd(fd), F_SETFD, (flags & (SN_O_CLOEXEC | FD_CLOEXEC)) != 0 ? FD_CLOEXEC : 0));
    return result;
}

int32_t SystemNative_FcntlGetFD(intptr_t fd)
{
    return fcntl(sn_fd(fd), F_GETFD);
}

int32_t SystemNative_FcntlCanGetSetPipeSz(void)
{
    return 1;
}

int32_t SystemNative_FcntlGetPipeSz(intptr_t fd)
{
    int32_t result;
    SN_RETRY(result, fcntl(sn_fd(fd), F_GETPIPE_SZ));
    return result;
}

int32_t SystemNative_FcntlSetPipeSz(intptr_t fd, int32_t size)
{
    int32_t result;
    SN_RETRY(result, fcntl(sn_fd(fd), F_SETPIPE_SZ, size));
    return result;
}

int32_t SystemNative_FcntlSetIsNonBlocking(intptr_t fd, int32_t is_non_blocking)
{
    int flags = fcntl(sn_fd(fd), F_GETFL);
    if (flags == -1)
        return -1;
    return fcntl(sn_fd(fd), F_SETFL, is_non_blocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int32_t SystemNative_FcntlGetIsNonBlocking(intptr_t fd, int32_t *is_non_blocking)
{
    int flags = fcntl(sn_fd(fd), F_GETFL);
    *is_non_blocking = flags != -1 && (flags & O_NONBLOCK) != 0;
    return flags == -1 ? -1 : 0;
}

/* The time-out starts anew after a signal, as in .NET. */
SnError SystemNative_Poll(SnPollEvent *events, uint32_t n_events, int32_t timeout_ms, uint32_t *n_triggered)
{
    if (events == NULL || n_triggered == NULL)
        return SN_EFAULT;
    if (timeout_ms < -1)
        return SN_EINVAL;
    int result;
    SN_RETRY(result, poll((struct pollfd *)events, n_events, timeout_ms));
    if (result < 0) {
        *n_triggered = 0;
        return SystemNative_ConvertErrorPlatformToPal(errno);
    }
    *n_triggered = (uint32_t)result;
    return SN_SUCCESS;
}
