/* Sockets: creation, connection, names and state. */
#include "system_native.h"

#include <fcntl.h>
#include <linux/can.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif
#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN 23
#endif

/* System.Net.Sockets.AddressFamily and ProtocolType. */
enum { PAL_AF_INET = 2, PAL_AF_INET6 = 23, PAL_AF_PACKET = 65536, PAL_AF_CAN = 65537 };
enum { PAL_PT_UNSPECIFIED = 0, PAL_PT_ICMP = 1, PAL_PT_TCP = 6, PAL_PT_ICMPV6 = 58, PAL_PT_RAW = 255 };

SnError sn_last_error(int result)
{
    return result >= 0 ? SN_SUCCESS : SystemNative_ConvertErrorPlatformToPal(errno);
}

/* ProtocolType has IANA's numbers, as Linux; the families differ in which of them they know. */
static bool is_ip_protocol(int32_t family, int32_t protocol)
{
    switch (protocol) {
    case IPPROTO_IGMP:
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_RAW:
        return true;
    case IPPROTO_ICMP:
        return family == PAL_AF_INET;
    case IPPROTO_ICMPV6:
    case IPPROTO_ROUTING:
    case IPPROTO_FRAGMENT:
    case IPPROTO_NONE:
    case IPPROTO_DSTOPTS:
        return family == PAL_AF_INET6;
    default:
        return false;
    }
}

static bool platform_protocol(int32_t family, int32_t protocol, int *result)
{
    *result = protocol;
    if (protocol == PAL_PT_UNSPECIFIED || family == PAL_AF_PACKET)
        return true;
    if (family == PAL_AF_CAN) {
        *result = CAN_RAW;
        return protocol == PAL_PT_RAW;
    }
    if (family == PAL_AF_INET6 && protocol == PAL_PT_ICMP)
        *result = IPPROTO_ICMPV6; /* Ping asks for ICMP whatever the family */
    return (family == PAL_AF_INET || family == PAL_AF_INET6) && is_ip_protocol(family, *result);
}

static int32_t pal_protocol(int32_t family, int protocol)
{
    if (protocol == 0 || family == PAL_AF_PACKET)
        return protocol;
    if (family == PAL_AF_CAN)
        return protocol == CAN_RAW ? PAL_PT_RAW : -1;
    return (family == PAL_AF_INET || family == PAL_AF_INET6) && is_ip_protocol(family, protocol) ? protocol : -1;
}

SnError SystemNative_Socket(int32_t family, int32_t type, int32_t protocol, intptr_t *created)
{
    if (created == NULL)
        return SN_EFAULT;
    *created = -1;
    int native_family = sn_platform_address_family(family);
    if (native_family < 0)
        return SN_EAFNOSUPPORT;
    if (sn_socket_type(type) < 0)
        return SN_EPROTOTYPE;
    int native_protocol;
    if (!platform_protocol(family, protocol, &native_protocol))
        return SN_EPROTONOSUPPORT;
    int fd = socket(native_family, type | SOCK_CLOEXEC, native_protocol);
    *created = fd;
    return sn_last_error(fd);
}

static bool int_option(int fd, int name, int *value)
{
    socklen_t length = sizeof *value;
    return getsockopt(fd, SOL_SOCKET, name, value, &length) == 0;
}

/* What cannot be found out is -1 (Unknown); the call itself succeeds. */
SnError SystemNative_GetSocketType(intptr_t socket, int32_t *family, int32_t *type, int32_t *protocol, int32_t *is_listening)
{
    if (family == NULL || type == NULL || protocol == NULL || is_listening == NULL)
        return SN_EFAULT;
    int fd = sn_fd(socket);
    int value;
    *family = int_option(fd, SO_DOMAIN, &value) ? sn_address_family(value) : -1;
    *type = int_option(fd, SO_TYPE, &value) ? sn_socket_type(value) : -1;
    *protocol = int_option(fd, SO_PROTOCOL, &value) ? pal_protocol(*family, value) : -1;
    *is_listening = int_option(fd, SO_ACCEPTCONN, &value) && value != 0;
    return SN_SUCCESS;
}

/* On Windows an address in TIME_WAIT can be bound again; SO_REUSEADDR gives the same here. */
SnError SystemNative_Bind(intptr_t socket, int32_t protocol, uint8_t *address, int32_t length)
{
    if (address == NULL || length < 0)
        return SN_EFAULT;
    if (protocol == PAL_PT_TCP) {
        int on = 1;
        setsockopt(sn_fd(socket), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    return sn_last_error(bind(sn_fd(socket), (const struct sockaddr *)address, (socklen_t)length));
}

SnError SystemNative_Listen(intptr_t socket, int32_t backlog)
{
    return sn_last_error(listen(sn_fd(socket), backlog));
}

SnError SystemNative_Accept(intptr_t socket, uint8_t *address, int32_t *length, intptr_t *accepted)
{
    if (address == NULL || length == NULL || accepted == NULL || *length < 0)
        return SN_EFAULT;
    socklen_t native_length = (socklen_t)*length;
    int fd;
    SN_RETRY(fd, accept4(sn_fd(socket), (struct sockaddr *)address, &native_length, SOCK_CLOEXEC));
    *accepted = fd;
    if (fd >= 0)
        *length = (int32_t)native_length;
    return sn_last_error(fd);
}

SnError SystemNative_Connect(intptr_t socket, uint8_t *address, int32_t length)
{
    if (address == NULL || length < 0)
        return SN_EFAULT;
    int result;
    SN_RETRY(result, connect(sn_fd(socket), (const struct sockaddr *)address, (socklen_t)length));
    return sn_last_error(result);
}

/* Linux sends no data with connect: with TCP_FASTOPEN wanted, the first send carries the connection request. */
SnError SystemNative_Connectx(intptr_t socket, uint8_t *address, int32_t length, uint8_t *data, int32_t data_length,
                              int32_t fast_open, int32_t *sent)
{
    (void)data;
    (void)data_length;
    (void)fast_open;
    if (address == NULL || length < 0 || sent == NULL)
        return SN_EFAULT;
    *sent = 0;
    int enabled = 0;
    socklen_t enabled_length = sizeof enabled;
    if (getsockopt(sn_fd(socket), IPPROTO_TCP, TCP_FASTOPEN, &enabled, &enabled_length) == 0 && enabled != 0)
        setsockopt(sn_fd(socket), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &enabled, enabled_length);
    return SystemNative_Connect(socket, address, length);
}

/* Connecting to no family dissolves the connection at once; kernels that refuse that for a socket can shut it down. */
SnError SystemNative_Disconnect(intptr_t socket)
{
    struct sockaddr nowhere;
    memset(&nowhere, 0, sizeof nowhere);
    nowhere.sa_family = AF_UNSPEC;
    int result = connect(sn_fd(socket), &nowhere, sizeof nowhere);
    if (result != 0)
        result = shutdown(sn_fd(socket), SHUT_RDWR);
    return sn_last_error(result);
}

/* how: System.Net.Sockets.SocketShutdown. */
SnError SystemNative_Shutdown(intptr_t socket, int32_t how)
{
    static_assert(SHUT_RD == 0 && SHUT_WR == 1 && SHUT_RDWR == 2, "SocketShutdown");
    if (how < SHUT_RD || how > SHUT_RDWR)
        return SN_EINVAL;
    return sn_last_error(shutdown(sn_fd(socket), how));
}

typedef int NameFunction(int fd, struct sockaddr *restrict address, socklen_t *restrict length);

static SnError read_name(NameFunction *function, intptr_t socket, uint8_t *address, int32_t *length)
{
    if (address == NULL || length == NULL || *length < 0)
        return SN_EFAULT;
    socklen_t native_length = (socklen_t)*length;
    int result = function(sn_fd(socket), (struct sockaddr *)address, &native_length);
    if (result == 0)
        *length = (int32_t)native_length;
    return sn_last_error(result);
}

SnError SystemNative_GetPeerName(intptr_t socket, uint8_t *address, int32_t *length)
{
    return read_name(getpeername, socket, address, length);
}

SnError SystemNative_GetSockName(intptr_t socket, uint8_t *address, int32_t *length)
{
    return read_name(getsockname, socket, address, length);
}

/* The user at the other end of a Unix domain socket; -1 with errno. */
int32_t SystemNative_GetPeerID(intptr_t socket, uint32_t *uid)
{
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    int32_t result = getsockopt(sn_fd(socket), SOL_SOCKET, SO_PEERCRED, &credentials, &length);
    if (result == 0)
        *uid = credentials.uid;
    return result;
}

static SnError int_ioctl(intptr_t socket, unsigned long request, int32_t *value)
{
    if (value == NULL)
        return SN_EFAULT;
    int answer = 0;
    int result;
    SN_RETRY(result, ioctl(sn_fd(socket), (int)request, &answer));
    *value = result == 0 ? answer : 0;
    return sn_last_error(result);
}

SnError SystemNative_GetAtOutOfBandMark(intptr_t socket, int32_t *at_mark)
{
    return int_ioctl(socket, SIOCATMARK, at_mark);
}

SnError SystemNative_GetBytesAvailable(intptr_t socket, int32_t *available)
{
    return int_ioctl(socket, FIONREAD, available);
}

/* Asked for on macOS only, where poll has shortcomings; on Linux Socket.Select is made of SystemNative_Poll. */
SnError SystemNative_Select(int32_t *read_fds, int32_t n_read, int32_t *write_fds, int32_t n_write, int32_t *error_fds,
                            int32_t n_error, int32_t timeout_us, int32_t max_fd, int32_t *n_triggered)
{
    (void)read_fds, (void)n_read, (void)write_fds, (void)n_write, (void)error_fds, (void)n_error;
    (void)timeout_us, (void)max_fd, (void)n_triggered;
    return SN_ENOTSUP;
}
