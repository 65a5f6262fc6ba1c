/* The event port that asynchronous sockets wait on: an edge-triggered epoll. */
#include "system_native.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static_assert(sizeof(struct epoll_event) <= sizeof(SnSocketEvent), "conversion in place goes from the end");

/* The kernel's records are read into the caller's buffer and converted in place, so an element has room for either. */
enum { ELEMENT_BYTES = sizeof(struct epoll_event) > sizeof(SnSocketEvent) ? sizeof(struct epoll_event) : sizeof(SnSocketEvent) };

static const struct {
    int32_t pal;
    uint32_t platform;
} event_bits[] = {
    {SN_SOCKET_READ, EPOLLIN},   {SN_SOCKET_WRITE, EPOLLOUT}, {SN_SOCKET_READ_CLOSE, EPOLLRDHUP},
    {SN_SOCKET_CLOSE, EPOLLHUP}, {SN_SOCKET_ERROR, EPOLLERR},
};

enum { ALL_EVENTS = SN_SOCKET_READ | SN_SOCKET_WRITE | SN_SOCKET_READ_CLOSE | SN_SOCKET_CLOSE | SN_SOCKET_ERROR };

static uint32_t platform_events(int32_t pal)
{
    uint32_t platform = 0;
    for (size_t i = 0; i < sizeof event_bits / sizeof event_bits[0]; i++)
        if ((pal & event_bits[i].pal) != 0)
            platform |= event_bits[i].platform;
    return platform;
}

/* A hang-up is reported as "readable and writable": the operation that this lets run finds out what happened. */
static int32_t pal_events(uint32_t platform)
{
    if ((platform & EPOLLHUP) != 0)
        platform = (platform & ~(uint32_t)EPOLLHUP) | EPOLLIN | EPOLLOUT;
    int32_t pal = 0;
    for (size_t i = 0; i < sizeof event_bits / sizeof event_bits[0]; i++)
        if ((platform & event_bits[i].platform) != 0)
            pal |= event_bits[i].pal;
    return pal;
}

SnError SystemNative_CreateSocketEventPort(intptr_t *port)
{
    if (port == NULL)
        return SN_EFAULT;
    int fd = epoll_create1(EPOLL_CLOEXEC);
    *port = fd;
    return sn_last_error(fd);
}

SnError SystemNative_CloseSocketEventPort(intptr_t port)
{
    int result = close(sn_fd(port));
    return result < 0 && errno == EINTR ? SN_SUCCESS : sn_last_error(result);
}

SnError SystemNative_CreateSocketEventBuffer(int32_t count, SnSocketEvent **buffer)
{
    if (buffer == NULL || count < 0)
        return SN_EFAULT;
    *buffer = calloc((size_t)count, ELEMENT_BYTES);
    return *buffer == NULL ? SN_ENOMEM : SN_SUCCESS;
}

SnError SystemNative_FreeSocketEventBuffer(SnSocketEvent *buffer)
{
    free(buffer);
    return SN_SUCCESS;
}

SnError SystemNative_TryChangeSocketEventRegistration(intptr_t port, intptr_t socket, int32_t current_events, int32_t new_events,
                                                      uintptr_t data)
{
    if (((current_events | new_events) & ~ALL_EVENTS) != 0)
        return SN_EINVAL;
    if (current_events == new_events)
        return SN_SUCCESS;
    int operation = current_events == 0 ? EPOLL_CTL_ADD : new_events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = platform_events(new_events) | EPOLLET;
    event.data.u64 = data;
    return sn_last_error(epoll_ctl(sn_fd(port), operation, sn_fd(socket), &event));
}

/* Waits without limit. *count: room in the buffer, then number of events. */
SnError SystemNative_WaitForSocketEvents(intptr_t port, SnSocketEvent *buffer, int32_t *count)
{
    if (buffer == NULL || count == NULL || *count < 0)
        return SN_EFAULT;
    int n_events;
    SN_RETRY(n_events, epoll_wait(sn_fd(port), (struct epoll_event *)(void *)buffer, *count, -1));
    *count = n_events < 0 ? 0 : n_events;
    if (n_events < 0)
        return sn_last_error(-1);
    /* From the end: where the kernel's records are the smaller ones, a converted one covers only records already read. */
    const char *records = (const char *)buffer;
    for (int i = n_events - 1; i >= 0; i--) {
        struct epoll_event event;
        memcpy(&event, records + (size_t)i * sizeof event, sizeof event);
        buffer[i] = (SnSocketEvent){.data = (uintptr_t)event.data.u64, .events = pal_events(event.events)};
    }
    return SN_SUCCESS;
}
