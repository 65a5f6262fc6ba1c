/* NetworkChange events: the kernel's routing messages. */
#include "system_native.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Interop.Sys.NetworkChangeKind. */
enum { CHANGE_NONE = -1, CHANGE_ADDRESS_ADDED = 0, CHANGE_ADDRESS_REMOVED = 1, CHANGE_AVAILABILITY = 2 };

SnError SystemNative_CreateNetworkChangeListenerSocket(intptr_t *result)
{
    *result = -1;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return sn_last_error(-1);
    struct sockaddr_nl groups;
    memset(&groups, 0, sizeof groups);
    groups.nl_family = AF_NETLINK;
    groups.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    if (bind(fd, (const struct sockaddr *)&groups, sizeof groups) != 0) {
        SnError error = sn_last_error(-1);
        close(fd);
        return error;
    }
    *result = fd;
    return SN_SUCCESS;
}

static int32_t change_kind(const struct nlmsghdr *message)
{
    switch (message->nlmsg_type) {
    case RTM_NEWADDR:
        return CHANGE_ADDRESS_ADDED;
    case RTM_DELADDR:
        return CHANGE_ADDRESS_REMOVED;
    case RTM_NEWLINK:
        return ((const struct ifinfomsg *)NLMSG_DATA(message))->ifi_family == AF_UNSPEC ? CHANGE_AVAILABILITY : CHANGE_NONE;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return ((const struct rtmsg *)NLMSG_DATA(message))->rtm_table == RT_TABLE_MAIN ? CHANGE_AVAILABILITY : CHANGE_NONE;
    default:
        return CHANGE_NONE;
    }
}

/* Waits for one batch of messages and reports the changes in it; a change of a route says all and ends the batch. */
SnError SystemNative_ReadEvents(intptr_t socket, void (*on_change)(intptr_t socket, int32_t kind))
{
    _Alignas(struct nlmsghdr) char buffer[4096];
    ssize_t length;
    SN_RETRY(length, recv(sn_fd(socket), buffer, sizeof buffer, 0));
    if (length <= 0)
        return length == 0 ? SN_ECONNABORTED : sn_last_error(-1);
    unsigned remaining = (unsigned)length;
    for (struct nlmsghdr *message = (struct nlmsghdr *)(void *)buffer; NLMSG_OK(message, remaining);
         message = NLMSG_NEXT(message, remaining)) {
        if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
            break;
        int32_t kind = change_kind(message);
        bool is_route = message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_DELROUTE;
        if (kind != CHANGE_NONE)
            on_change(socket, kind);
        if (is_route && kind != CHANGE_NONE)
            break;
    }
    return SN_SUCCESS;
}
