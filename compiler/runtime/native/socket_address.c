/* Socket addresses in byte buffers: families, ports and IP addresses, read and written with bounds. */
#include "system_native.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const struct {
    int32_t pal; /* System.Net.Sockets.AddressFamily */
    int platform;
} families[] = {{0, AF_UNSPEC}, {1, AF_UNIX}, {2, AF_INET}, {23, AF_INET6}, {65536, AF_PACKET}, {65537, AF_CAN}};

int32_t sn_address_family(int family)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (families[i].platform == family)
            return families[i].pal;
    return -1;
}

int sn_platform_address_family(int32_t family)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (families[i].pal == family)
            return families[i].platform;
    return -1;
}

static bool has_family(const uint8_t *address, int32_t length)
{
    return address != NULL && length >= (int32_t)(offsetof(struct sockaddr, sa_family) + sizeof(sa_family_t));
}

static sa_family_t family_of(const uint8_t *address)
{
    sa_family_t family;
    memcpy(&family, address + offsetof(struct sockaddr, sa_family), sizeof family);
    return family;
}

SnError SystemNative_GetSocketAddressSizes(int32_t *ipv4, int32_t *ipv6, int32_t *unix_domain, int32_t *maximum)
{
    if (ipv4 == NULL || ipv6 == NULL || unix_domain == NULL || maximum == NULL)
        return SN_EFAULT;
    *ipv4 = sizeof(struct sockaddr_in);
    *ipv6 = sizeof(struct sockaddr_in6);
    *unix_domain = sizeof(struct sockaddr_un);
    *maximum = sizeof(struct sockaddr_storage);
    return SN_SUCCESS;
}

int32_t SystemNative_GetMaximumAddressSize(void)
{
    return sizeof(struct sockaddr_storage);
}

void SystemNative_GetDomainSocketSizes(int32_t *path_offset, int32_t *path_size, int32_t *address_size)
{
    *path_offset = offsetof(struct sockaddr_un, sun_path);
    *path_size = sizeof(((struct sockaddr_un *)0)->sun_path);
    *address_size = sizeof(struct sockaddr_un);
}

SnError SystemNative_GetAddressFamily(const uint8_t *address, int32_t length, int32_t *family)
{
    if (!has_family(address, length) || family == NULL)
        return SN_EFAULT;
    *family = sn_address_family(family_of(address));
    return SN_SUCCESS;
}

SnError SystemNative_SetAddressFamily(uint8_t *address, int32_t length, int32_t family)
{
    if (!has_family(address, length))
        return SN_EFAULT;
    int platform = sn_platform_address_family(family);
    if (platform < 0)
        return SN_EAFNOSUPPORT;
    sa_family_t value = (sa_family_t)platform;
    memcpy(address + offsetof(struct sockaddr, sa_family), &value, sizeof value);
    return SN_SUCCESS;
}

/* Where the port stands in an IP address of `length` bytes. */
static SnError port_offset(const uint8_t *address, int32_t length, size_t *offset)
{
    static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "both families alike");
    if (!has_family(address, length))
        return SN_EFAULT;
    sa_family_t family = family_of(address);
    if (family != AF_INET && family != AF_INET6)
        return SN_EAFNOSUPPORT;
    size_t needed = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    *offset = offsetof(struct sockaddr_in, sin_port);
    return (size_t)length < needed ? SN_EFAULT : SN_SUCCESS;
}

SnError SystemNative_GetPort(const uint8_t *address, int32_t length, uint16_t *port)
{
    size_t offset;
    SnError error = port_offset(address, length, &offset);
    if (error == SN_SUCCESS) {
        memcpy(port, address + offset, sizeof *port);
        *port = ntohs(*port);
    }
    return error;
}

SnError SystemNative_SetPort(uint8_t *address, int32_t length, uint16_t port)
{
    size_t offset;
    SnError error = port_offset(address, length, &offset);
    if (error == SN_SUCCESS) {
        uint16_t value = htons(port);
        memcpy(address + offset, &value, sizeof value);
    }
    return error;
}

static SnError check_ip(const uint8_t *address, int32_t length, sa_family_t family, size_t needed)
{
    if (address == NULL || length < (int32_t)needed)
        return SN_EFAULT;
    return family_of(address) == family ? SN_SUCCESS : SN_EINVAL;
}

/* The address in network order. */
SnError SystemNative_GetIPv4Address(const uint8_t *address, int32_t length, uint32_t *ip)
{
    if (ip == NULL)
        return SN_EFAULT;
    SnError error = check_ip(address, length, AF_INET, sizeof(struct sockaddr_in));
    if (error == SN_SUCCESS)
        memcpy(ip, address + offsetof(struct sockaddr_in, sin_addr), sizeof *ip);
    return error;
}

SnError SystemNative_SetIPv4Address(uint8_t *address, int32_t length, uint32_t ip)
{
    SnError error = check_ip(address, length, AF_INET, sizeof(struct sockaddr_in));
    if (error == SN_SUCCESS)
        memcpy(address + offsetof(struct sockaddr_in, sin_addr), &ip, sizeof ip);
    return error;
}

SnError SystemNative_GetIPv6Address(const uint8_t *address, int32_t length, uint8_t *ip, int32_t ip_length, uint32_t *scope_id)
{
    if (ip == NULL || scope_id == NULL || ip_length < (int32_t)sizeof(struct in6_addr))
        return SN_EFAULT;
    SnError error = check_ip(address, length, AF_INET6, sizeof(struct sockaddr_in6));
    if (error != SN_SUCCESS)
        return error;
    memcpy(ip, address + offsetof(struct sockaddr_in6, sin6_addr), sizeof(struct in6_addr));
    memcpy(scope_id, address + offsetof(struct sockaddr_in6, sin6_scope_id), sizeof *scope_id);
    return SN_SUCCESS;
}

SnError SystemNative_SetIPv6Address(uint8_t *address, int32_t length, uint8_t *ip, int32_t ip_length, uint32_t scope_id)
{
    if (ip == NULL || ip_length < (int32_t)sizeof(struct in6_addr))
        return SN_EFAULT;
    SnError error = check_ip(address, length, AF_INET6, sizeof(struct sockaddr_in6));
    if (error != SN_SUCCESS)
        return error;
    memset(address + offsetof(struct sockaddr_in6, sin6_flowinfo), 0, sizeof(uint32_t));
    memcpy(address + offsetof(struct sockaddr_in6, sin6_addr), ip, sizeof(struct in6_addr));
    memcpy(address + offsetof(struct sockaddr_in6, sin6_scope_id), &scope_id, sizeof scope_id);
    return SN_SUCCESS;
}
