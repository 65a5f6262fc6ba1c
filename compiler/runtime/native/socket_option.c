/* Socket options: the class library's levels and names are Winsock's. */
#include "system_native.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN 23
#endif

/* System.Net.Sockets.SocketOptionLevel, and the names that need more than a translation. */
enum { PAL_SOL_IP = 0, PAL_SOL_TCP = 6, PAL_SOL_IPV6 = 41, PAL_SOL_SOCKET = 0xffff };
enum { PAL_SO_REUSEADDR = 0x0004, PAL_SO_EXCLUSIVEADDRUSE = ~0x0004, PAL_SO_TYPE = 0x1008, PAL_IP_DONTFRAGMENT = 14 };
enum { MAX_LINGER_SECONDS = 65535 };

typedef struct SocketOption {
    int32_t pal_level;
    int32_t pal_name;
    int level;
    int name;
} SocketOption;

static const SocketOption socket_options[] = {
    {PAL_SOL_SOCKET, 0x0001, SOL_SOCKET, SO_DEBUG},      {PAL_SOL_SOCKET, 0x0002, SOL_SOCKET, SO_ACCEPTCONN},
    {PAL_SOL_SOCKET, 0x0008, SOL_SOCKET, SO_KEEPALIVE},  {PAL_SOL_SOCKET, 0x0010, SOL_SOCKET, SO_DONTROUTE},
    {PAL_SOL_SOCKET, 0x0020, SOL_SOCKET, SO_BROADCAST},  {PAL_SOL_SOCKET, 0x0080, SOL_SOCKET, SO_LINGER},
    {PAL_SOL_SOCKET, 0x0100, SOL_SOCKET, SO_OOBINLINE},  {PAL_SOL_SOCKET, 0x1001, SOL_SOCKET, SO_SNDBUF},
    {PAL_SOL_SOCKET, 0x1002, SOL_SOCKET, SO_RCVBUF},     {PAL_SOL_SOCKET, 0x1003, SOL_SOCKET, SO_SNDLOWAT},
    {PAL_SOL_SOCKET, 0x1004, SOL_SOCKET, SO_RCVLOWAT},   {PAL_SOL_SOCKET, 0x1005, SOL_SOCKET, SO_SNDTIMEO},
    {PAL_SOL_SOCKET, 0x1006, SOL_SOCKET, SO_RCVTIMEO},   {PAL_SOL_SOCKET, 0x1007, SOL_SOCKET, SO_ERROR},
    {PAL_SOL_SOCKET, PAL_SO_TYPE, SOL_SOCKET, SO_TYPE},
    {PAL_SOL_IP, 1, IPPROTO_IP, IP_OPTIONS},             {PAL_SOL_IP, 2, IPPROTO_IP, IP_HDRINCL},
    {PAL_SOL_IP, 3, IPPROTO_IP, IP_TOS},                 {PAL_SOL_IP, 4, IPPROTO_IP, IP_TTL},
    {PAL_SOL_IP, 9, IPPROTO_IP, IP_MULTICAST_IF},        {PAL_SOL_IP, 10, IPPROTO_IP, IP_MULTICAST_TTL},
    {PAL_SOL_IP, 11, IPPROTO_IP, IP_MULTICAST_LOOP},     {PAL_SOL_IP, 12, IPPROTO_IP, IP_ADD_MEMBERSHIP},
    {PAL_SOL_IP, 13, IPPROTO_IP, IP_DROP_MEMBERSHIP},    {PAL_SOL_IP, PAL_IP_DONTFRAGMENT, IPPROTO_IP, IP_MTU_DISCOVER},
    {PAL_SOL_IP, 15, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP}, {PAL_SOL_IP, 16, IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP},
    {PAL_SOL_IP, 17, IPPROTO_IP, IP_BLOCK_SOURCE},       {PAL_SOL_IP, 18, IPPROTO_IP, IP_UNBLOCK_SOURCE},
    {PAL_SOL_IP, 19, IPPROTO_IP, IP_PKTINFO},
    {PAL_SOL_IPV6, 4, IPPROTO_IPV6, IPV6_UNICAST_HOPS},  {PAL_SOL_IPV6, 9, IPPROTO_IPV6, IPV6_MULTICAST_IF},
    {PAL_SOL_IPV6, 10, IPPROTO_IPV6, IPV6_MULTICAST_HOPS}, {PAL_SOL_IPV6, 11, IPPROTO_IPV6, IPV6_MULTICAST_LOOP},
    {PAL_SOL_IPV6, 19, IPPROTO_IPV6, IPV6_RECVPKTINFO},  {PAL_SOL_IPV6, 21, IPPROTO_IPV6, IPV6_HOPLIMIT},
    {PAL_SOL_IPV6, 27, IPPROTO_IPV6, IPV6_V6ONLY},
    {PAL_SOL_TCP, 1, IPPROTO_TCP, TCP_NODELAY},          {PAL_SOL_TCP, 3, IPPROTO_TCP, TCP_KEEPIDLE},
    {PAL_SOL_TCP, 15, IPPROTO_TCP, TCP_FASTOPEN},        {PAL_SOL_TCP, 16, IPPROTO_TCP, TCP_KEEPCNT},
    {PAL_SOL_TCP, 17, IPPROTO_TCP, TCP_KEEPINTVL},
};

static const SocketOption *find_option(int32_t level, int32_t name)
{
    for (size_t i = 0; i < sizeof socket_options / sizeof socket_options[0]; i++)
        if (socket_options[i].pal_level == level && socket_options[i].pal_name == name)
            return &socket_options[i];
    return NULL;
}

/* SocketType has Linux's numbers, so this converts both ways. */
int32_t sn_socket_type(int type)
{
    static_assert(SOCK_STREAM == 1 && SOCK_DGRAM == 2 && SOCK_RAW == 3 && SOCK_RDM == 4 && SOCK_SEQPACKET == 5, "SocketType");
    return type >= SOCK_STREAM && type <= SOCK_SEQPACKET ? type : -1;
}

static bool is_reuse(int32_t level, int32_t name)
{
    return level == PAL_SOL_SOCKET && (name == PAL_SO_REUSEADDR || name == PAL_SO_EXCLUSIVEADDRUSE);
}

/* Winsock's ReuseAddress and ExclusiveAddressUse are one switch here, the second being the first's opposite: SO_REUSEPORT,
 * which lets two sockets have one address, together with SO_REUSEADDR for the sake of programs that set only that one. */
static SnError get_reuse(int fd, int32_t name, uint8_t *value, int32_t length)
{
    if (length != (int32_t)sizeof(int32_t))
        return SN_EINVAL;
    int32_t reuse;
    socklen_t native_length = sizeof reuse;
    if (getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &reuse, &native_length) != 0)
        return sn_last_error(-1);
    reuse = (reuse != 0) == (name == PAL_SO_REUSEADDR);
    memcpy(value, &reuse, sizeof reuse);
    return SN_SUCCESS;
}

static SnError set_reuse(int fd, int32_t name, const uint8_t *value, int32_t length)
{
    int32_t reuse;
    if (length != (int32_t)sizeof reuse)
        return SN_EINVAL;
    memcpy(&reuse, value, sizeof reuse);
    if (name == PAL_SO_EXCLUSIVEADDRUSE) {
        if (reuse != 0 && reuse != 1)
            return SN_EINVAL;
        reuse = !reuse;
    }
    int result = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &reuse, sizeof reuse);
    if (result == 0)
        result = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    return sn_last_error(result);
}

/* DontFragment is a boolean in an int or in a byte, Linux's path MTU discovery has modes. */
static void convert_dont_fragment(uint8_t *value, size_t length, int to_on, int from_on, int to_off)
{
    int mode = *value;
    if (length >= sizeof mode)
        memcpy(&mode, value, sizeof mode);
    bool is_on = from_on < 0 ? mode != 0 : mode == from_on;
    mode = is_on ? to_on : to_off;
    if (length >= sizeof mode)
        memcpy(value, &mode, sizeof mode);
    else
        *value = (uint8_t)mode;
}

SnError SystemNative_GetSockOpt(intptr_t socket, int32_t level, int32_t name, uint8_t *value, int32_t *length)
{
    if (length == NULL || *length < 0)
        return SN_EFAULT;
    if (is_reuse(level, name))
        return get_reuse(sn_fd(socket), name, value, *length);
    const SocketOption *option = find_option(level, name);
    if (option == NULL)
        return SN_ENOTSUP;
    socklen_t native_length = (socklen_t)*length;
    if (getsockopt(sn_fd(socket), option->level, option->name, value, &native_length) != 0)
        return sn_last_error(-1);
    if (level == PAL_SOL_IP && name == PAL_IP_DONTFRAGMENT && native_length > 0)
        convert_dont_fragment(value, native_length, 1, IP_PMTUDISC_DO, 0);
    if (level == PAL_SOL_SOCKET && name == PAL_SO_TYPE && native_length != sizeof(int32_t))
        return SN_ENOTSUP;
    *length = (int32_t)native_length;
    return SN_SUCCESS;
}

SnError SystemNative_SetSockOpt(intptr_t socket, int32_t level, int32_t name, uint8_t *value, int32_t length)
{
    if (length < 0 || value == NULL)
        return SN_EFAULT;
    if (is_reuse(level, name))
        return set_reuse(sn_fd(socket), name, value, length);
    const SocketOption *option = find_option(level, name);
    if (option == NULL)
        return SN_ENOTSUP;
    int mode;
    if (level == PAL_SOL_IP && name == PAL_IP_DONTFRAGMENT && length > 0) {
        size_t used = (size_t)length < sizeof mode ? 1 : sizeof mode;
        memcpy(&mode, value, used);
        value = (uint8_t *)&mode;
        length = (int32_t)used;
        convert_dont_fragment(value, used, IP_PMTUDISC_DO, -1, IP_PMTUDISC_DONT);
    }
    return sn_last_error(setsockopt(sn_fd(socket), option->level, option->name, value, (socklen_t)length));
}

SnError SystemNative_GetRawSockOpt(intptr_t socket, int32_t level, int32_t name, uint8_t *value, int32_t *length)
{
    if (length == NULL || *length < 0)
        return SN_EFAULT;
    socklen_t native_length = (socklen_t)*length;
    int result = getsockopt(sn_fd(socket), level, name, value, &native_length);
    if (result == 0)
        *length = (int32_t)native_length;
    return sn_last_error(result);
}

SnError SystemNative_SetRawSockOpt(intptr_t socket, int32_t level, int32_t name, uint8_t *value, int32_t length)
{
    if (length < 0 || value == NULL)
        return SN_EFAULT;
    return sn_last_error(setsockopt(sn_fd(socket), level, name, value, (socklen_t)length));
}

/* Reads and clears the socket's pending error. */
SnError SystemNative_GetSocketErrorOption(intptr_t socket, SnError *error)
{
    if (error == NULL)
        return SN_EFAULT;
    int pending;
    socklen_t length = sizeof pending;
    int result = getsockopt(sn_fd(socket), SOL_SOCKET, SO_ERROR, &pending, &length);
    if (result == 0)
        *error = SystemNative_ConvertErrorPlatformToPal(pending);
    return sn_last_error(result);
}

SnError SystemNative_GetLingerOption(intptr_t socket, SnLingerOption *option)
{
    if (option == NULL)
        return SN_EFAULT;
    struct linger native;
    socklen_t length = sizeof native;
    int result = getsockopt(sn_fd(socket), SOL_SOCKET, SO_LINGER, &native, &length);
    if (result == 0)
        *option = (SnLingerOption){.is_on = native.l_onoff, .seconds = native.l_linger};
    return sn_last_error(result);
}

SnError SystemNative_SetLingerOption(intptr_t socket, SnLingerOption *option)
{
    if (option == NULL)
        return SN_EFAULT;
    if (option->is_on && (option->seconds < 0 || option->seconds > MAX_LINGER_SECONDS))
        return SN_EINVAL;
    const struct linger native = {.l_onoff = option->is_on, .l_linger = option->seconds};
    return sn_last_error(setsockopt(sn_fd(socket), SOL_SOCKET, SO_LINGER, &native, sizeof native));
}

static SnError set_timeout(intptr_t socket, int name, int32_t timeout_ms)
{
    if (timeout_ms < 0)
        return SN_EINVAL;
    const struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    return sn_last_error(setsockopt(sn_fd(socket), SOL_SOCKET, name, &timeout, sizeof timeout));
}

SnError SystemNative_SetReceiveTimeout(intptr_t socket, int32_t timeout_ms)
{
    return set_timeout(socket, SO_RCVTIMEO, timeout_ms);
}

SnError SystemNative_SetSendTimeout(intptr_t socket, int32_t timeout_ms)
{
    return set_timeout(socket, SO_SNDTIMEO, timeout_ms);
}

/* Interop.Sys.MulticastOption: add, drop, interface. */
static const int ipv4_multicast_names[] = {IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_IF};
static const int ipv6_multicast_names[] = {IPV6_ADD_MEMBERSHIP, IPV6_DROP_MEMBERSHIP, IPV6_MULTICAST_IF};
enum { N_MULTICAST_NAMES = 3 };

SnError SystemNative_GetIPv4MulticastOption(intptr_t socket, int32_t name, SnIPv4MulticastOption *option)
{
    if (option == NULL)
        return SN_EFAULT;
    if (name < 0 || name >= N_MULTICAST_NAMES)
        return SN_EINVAL;
    struct ip_mreqn native;
    memset(&native, 0, sizeof native);
    socklen_t length = sizeof native;
    int result = getsockopt(sn_fd(socket), IPPROTO_IP, ipv4_multicast_names[name], &native, &length);
    if (result == 0)
        *option = (SnIPv4MulticastOption){native.imr_multiaddr.s_addr, native.imr_address.s_addr, native.imr_ifindex, 0};
    return sn_last_error(result);
}

SnError SystemNative_SetIPv4MulticastOption(intptr_t socket, int32_t name, SnIPv4MulticastOption *option)
{
    if (option == NULL)
        return SN_EFAULT;
    if (name < 0 || name >= N_MULTICAST_NAMES)
        return SN_EINVAL;
    const struct ip_mreqn native = {
        .imr_multiaddr = {option->multicast_address},
        .imr_address = {option->local_address},
        .imr_ifindex = option->interface_index,
    };
    return sn_last_error(setsockopt(sn_fd(socket), IPPROTO_IP, ipv4_multicast_names[name], &native, sizeof native));
}

SnError SystemNative_GetIPv6MulticastOption(intptr_t socket, int32_t name, SnIPv6MulticastOption *option)
{
    if (option == NULL)
        return SN_EFAULT;
    if (name < 0 || name >= N_MULTICAST_NAMES)
        return SN_EINVAL;
    struct ipv6_mreq native;
    memset(&native, 0, sizeof native);
    socklen_t length = sizeof native;
    int result = getsockopt(sn_fd(socket), IPPROTO_IPV6, ipv6_multicast_names[name], &native, &length);
    if (result == 0) {
        memcpy(option->address.bytes, &native.ipv6mr_multiaddr, sizeof native.ipv6mr_multiaddr);
        option->interface_index = (int32_t)native.ipv6mr_interface;
    }
    return sn_last_error(result);
}

SnError SystemNative_SetIPv6MulticastOption(intptr_t socket, int32_t name, SnIPv6MulticastOption *option)
{
    if (option == NULL)
        return SN_EFAULT;
    if (name < 0 || name >= N_MULTICAST_NAMES)
        return SN_EINVAL;
    struct ipv6_mreq native;
    memcpy(&native.ipv6mr_multiaddr, option->address.bytes, sizeof native.ipv6mr_multiaddr);
    native.ipv6mr_interface = (__typeof__(native.ipv6mr_interface))option->interface_index;
    return sn_last_error(setsockopt(sn_fd(socket), IPPROTO_IPV6, ipv6_multicast_names[name], &native, sizeof native));
}
