/* Sending and receiving: bytes, messages with addresses and control data, files. */
#include "system_native.h"

#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>

/* The kernel's headers take the C library's definitions for what both define, when they come second. */
#include <linux/errqueue.h>
#include <linux/icmp.h>

/* System.Net.Sockets.SocketFlags. DontWait and ErrQueue are private to the class library. */
static const struct {
    int32_t pal;
    int platform;
    bool reported; /* can come back from a receive */
} message_flags[] = {
    {0x0001, MSG_OOB, true},    {0x0002, MSG_PEEK, false},  {0x0004, MSG_DONTROUTE, true}, {0x0100, MSG_TRUNC, true},
    {0x0200, MSG_CTRUNC, true}, {0x1000, MSG_DONTWAIT, false}, {0x2000, MSG_ERRQUEUE, false},
};

static bool platform_flags(int32_t pal, int *platform)
{
    *platform = 0;
    for (size_t i = 0; i < sizeof message_flags / sizeof message_flags[0]; i++) {
        if ((pal & message_flags[i].pal) != 0)
            *platform |= message_flags[i].platform;
        pal &= ~message_flags[i].pal;
    }
    return pal == 0;
}

static int32_t pal_flags(int platform)
{
    int32_t pal = 0;
    for (size_t i = 0; i < sizeof message_flags / sizeof message_flags[0]; i++)
        if (message_flags[i].reported && (platform & message_flags[i].platform) != 0)
            pal |= message_flags[i].pal;
    return pal;
}

SnError SystemNative_Receive(intptr_t socket, uint8_t *buffer, int32_t length, int32_t flags, int32_t *received)
{
    if (buffer == NULL || length < 0 || received == NULL)
        return SN_EFAULT;
    int native_flags;
    if (!platform_flags(flags, &native_flags))
        return SN_ENOTSUP;
    ssize_t count;
    SN_RETRY(count, recv(sn_fd(socket), buffer, (size_t)length, native_flags));
    *received = count < 0 ? 0 : (int32_t)count;
    return sn_last_error((int)count);
}

/* No MSG_NOSIGNAL: the runtime ignores SIGPIPE from its start, for files and pipes as well. */
SnError SystemNative_Send(intptr_t socket, uint8_t *buffer, int32_t length, int32_t flags, int32_t *sent)
{
    if (buffer == NULL || length < 0 || sent == NULL)
        return SN_EFAULT;
    int native_flags;
    if (!platform_flags(flags, &native_flags))
        return SN_ENOTSUP;
    ssize_t count;
    SN_RETRY(count, send(sn_fd(socket), buffer, (size_t)length, native_flags));
    *sent = count < 0 ? 0 : (int32_t)count;
    return sn_last_error((int)count);
}

static bool is_stream(int fd)
{
    int type;
    socklen_t length = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

/* More vectors than the kernel takes are cut on stream sockets, where a part is as good as the whole; elsewhere the kernel
 * refuses. */
static struct msghdr native_header(const SnMessageHeader *message, int fd)
{
    size_t n_vectors = (size_t)message->n_vectors;
    if (n_vectors > IOV_MAX && is_stream(fd))
        n_vectors = IOV_MAX;
    struct msghdr header;
    memset(&header, 0, sizeof header);
    header.msg_name = message->socket_address;
    header.msg_namelen = (socklen_t)message->socket_address_length;
    header.msg_iov = (struct iovec *)message->vectors;
    header.msg_iovlen = (__typeof__(header.msg_iovlen))n_vectors;
    header.msg_control = message->control_buffer;
    header.msg_controllen = (__typeof__(header.msg_controllen))message->control_buffer_length;
    return header;
}

static bool is_valid(const SnMessageHeader *message)
{
    return message != NULL && message->socket_address_length >= 0 && message->control_buffer_length >= 0 && message->n_vectors >= 0;
}

static int32_t smaller(size_t length, int32_t limit)
{
    return length < (size_t)limit ? (int32_t)length : limit;
}

SnError SystemNative_ReceiveMessage(intptr_t socket, SnMessageHeader *message, int32_t flags, int64_t *received)
{
    if (!is_valid(message) || received == NULL)
        return SN_EFAULT;
    int native_flags;
    if (!platform_flags(flags, &native_flags))
        return SN_ENOTSUP;
    struct msghdr header = native_header(message, sn_fd(socket));
    ssize_t count;
    SN_RETRY(count, recvmsg(sn_fd(socket), &header, native_flags));
    *received = count < 0 ? 0 : count;
    message->socket_address_length = smaller(header.msg_namelen, message->socket_address_length);
    message->control_buffer_length = smaller(header.msg_controllen, message->control_buffer_length);
    message->flags = pal_flags(header.msg_flags);
    return sn_last_error(count < 0 ? -1 : 0);
}

SnError SystemNative_SendMessage(intptr_t socket, SnMessageHeader *message, int32_t flags, int64_t *sent)
{
    if (!is_valid(message) || sent == NULL)
        return SN_EFAULT;
    int native_flags;
    if (!platform_flags(flags, &native_flags))
        return SN_ENOTSUP;
    struct msghdr header = native_header(message, sn_fd(socket));
    ssize_t count;
    SN_RETRY(count, sendmsg(sn_fd(socket), &header, native_flags));
    *sent = count < 0 ? 0 : count;
    return sn_last_error(count < 0 ? -1 : 0);
}

/* CMSG_NXTHDR, which musl writes with a comparison of mixed signs. */
static struct cmsghdr *next_control(struct msghdr *header, struct cmsghdr *control)
{
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wsign-compare"
    return CMSG_NXTHDR(header, control);
#pragma clang diagnostic pop
}

/* Ping without raw sockets: who sent the ICMP error that the socket's error queue holds. The address length is 0 when there is
 * none. */
SnError SystemNative_ReceiveSocketError(intptr_t socket, SnMessageHeader *message)
{
    char control_bytes[sizeof(struct sock_extended_err) + sizeof(struct sockaddr_storage)];
    struct icmphdr packet;
    struct iovec packet_vector = {&packet, sizeof packet};
    struct msghdr header = native_header(message, sn_fd(socket));
    header.msg_control = control_bytes;
    header.msg_controllen = sizeof control_bytes;
    if (header.msg_iov == NULL || header.msg_iovlen == 0) {
        header.msg_iov = &packet_vector;
        header.msg_iovlen = 1;
    }
    ssize_t count;
    SN_RETRY(count, recvmsg(sn_fd(socket), &header, MSG_DONTWAIT | MSG_ERRQUEUE));
    int32_t capacity = message->socket_address_length;
    message->socket_address_length = 0;
    if (count < 0)
        return sn_last_error(-1);
    for (struct cmsghdr *control = CMSG_FIRSTHDR(&header); control != NULL; control = next_control(&header, control)) {
        struct sock_extended_err error;
        if (control->cmsg_level != IPPROTO_IP || control->cmsg_type != IP_RECVERR || control->cmsg_len < CMSG_LEN(sizeof error))
            continue;
        memcpy(&error, CMSG_DATA(control), sizeof error);
        if (error.ee_origin != SO_EE_ORIGIN_ICMP)
            continue;
        int32_t length = smaller(control->cmsg_len - CMSG_LEN(sizeof error), capacity);
        memcpy(message->socket_address, CMSG_DATA(control) + sizeof error, (size_t)length);
        message->socket_address_length = length;
        break;
    }
    return SN_SUCCESS;
}

/* Sends as much as the kernel takes at once. */
SnError SystemNative_SendFile(intptr_t out_fd, intptr_t in_fd, int64_t offset, int64_t count, int64_t *sent)
{
    off_t position = offset;
    ssize_t result;
    SN_RETRY(result, sendfile(sn_fd(out_fd), sn_fd(in_fd), &position, (size_t)count));
    *sent = result < 0 ? 0 : result;
    return sn_last_error(result < 0 ? -1 : 0);
}

int32_t SystemNative_GetControlMessageBufferSize(int32_t is_ipv4, int32_t is_ipv6)
{
    size_t length = 0;
    if (is_ipv4)
        length += CMSG_SPACE(sizeof(struct in_pktinfo));
    if (is_ipv6)
        length += CMSG_SPACE(sizeof(struct in6_pktinfo));
    return (int32_t)length;
}

static bool read_ipv4_information(struct cmsghdr *control, SnIPPacketInformation *information)
{
    struct in_pktinfo native;
    if (control->cmsg_level != IPPROTO_IP || control->cmsg_type != IP_PKTINFO || control->cmsg_len < CMSG_LEN(sizeof native))
        return false;
    memcpy(&native, CMSG_DATA(control), sizeof native);
    memcpy(information->address.bytes, &native.ipi_addr, sizeof native.ipi_addr);
    information->interface_index = native.ipi_ifindex;
    return true;
}

static bool read_ipv6_information(struct cmsghdr *control, SnIPPacketInformation *information)
{
    struct in6_pktinfo native;
    if (control->cmsg_level != IPPROTO_IPV6 || control->cmsg_type != IPV6_PKTINFO || control->cmsg_len < CMSG_LEN(sizeof native))
        return false;
    memcpy(&native, CMSG_DATA(control), sizeof native);
    memcpy(information->address.bytes, &native.ipi6_addr, sizeof native.ipi6_addr);
    information->address.is_ipv6 = 1;
    information->interface_index = (int32_t)native.ipi6_ifindex;
    return true;
}

/* 1 when the received message's control data tells where it was addressed to. */
int32_t SystemNative_TryGetIPPacketInformation(SnMessageHeader *message, int32_t is_ipv4, SnIPPacketInformation *information)
{
    if (message == NULL || information == NULL)
        return 0;
    struct msghdr header = native_header(message, -1);
    struct cmsghdr *control = CMSG_FIRSTHDR(&header);
    for (; control != NULL && control->cmsg_len > 0; control = next_control(&header, control))
        if (is_ipv4 ? read_ipv4_information(control, information) : read_ipv6_information(control, information))
            return 1;
    return 0;
}

/* A dual-mode IPv6 socket on Linux delivers IP_PKTINFO for IPv4 packets. */
int32_t SystemNative_PlatformSupportsDualModeIPv4PacketInfo(void)
{
    return 1;
}
