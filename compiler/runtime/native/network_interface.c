/* Network interfaces and their addresses. */
#include "system_native.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* System.Net.NetworkInformation.NetworkInterfaceType and OperationalStatus. */
enum { TYPE_UNKNOWN = 1, TYPE_LOOPBACK = 24, TYPE_TUNNEL = 131 };
enum { STATUS_UP = 1, STATUS_DOWN = 2 };

static uint16_t interface_type(uint16_t hardware_type)
{
    switch (hardware_type) {
    case ARPHRD_ETHER:
    case ARPHRD_EETHER:
        return 6;
    case ARPHRD_PRONET:
        return 9;
    case ARPHRD_FDDI:
        return 15;
    case ARPHRD_PPP:
        return 23;
    case ARPHRD_LOOPBACK:
        return TYPE_LOOPBACK;
    case ARPHRD_SLIP:
    case ARPHRD_CSLIP:
    case ARPHRD_SLIP6:
    case ARPHRD_CSLIP6:
        return 28;
    case ARPHRD_ATM:
        return 37;
    case ARPHRD_IEEE80211:
    case ARPHRD_IEEE80211_PRISM:
    case ARPHRD_IEEE80211_RADIOTAP:
        return 71;
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
        return TYPE_TUNNEL;
    default:
        return TYPE_UNKNOWN;
    }
}

/* The number of leading one bits; a missing IPv4 mask, or one that is 0, stands for a single host. */
static uint8_t prefix_length(const uint8_t *mask, size_t n_bytes)
{
    if (mask == NULL)
        return (uint8_t)(8 * n_bytes);
    uint8_t length = 0;
    while (length < 8 * n_bytes && (mask[length / 8] & (0x80 >> length % 8)) != 0)
        length++;
    return length == 0 && n_bytes == 4 ? 32 : length;
}

/* False when the address is not an IP address. */
static bool ip_information(const struct ifaddrs *address, int32_t index, SnIpAddressInfo *information)
{
    if (address->ifa_addr == NULL)
        return false;
    size_t offset, n_bytes;
    if (address->ifa_addr->sa_family == AF_INET) {
        offset = offsetof(struct sockaddr_in, sin_addr);
        n_bytes = sizeof(struct in_addr);
    } else if (address->ifa_addr->sa_family == AF_INET6) {
        offset = offsetof(struct sockaddr_in6, sin6_addr);
        n_bytes = sizeof(struct in6_addr);
    } else {
        return false;
    }
    const uint8_t *mask = address->ifa_netmask == NULL ? NULL : (const uint8_t *)address->ifa_netmask + offset;
    *information = (SnIpAddressInfo){.interface_index = index, .n_bytes = (uint8_t)n_bytes, .prefix_length = prefix_length(mask, n_bytes)};
    memcpy(information->bytes, (const uint8_t *)address->ifa_addr + offset, n_bytes);
    return true;
}

static const struct sockaddr_ll *link_layer_address(const struct ifaddrs *address)
{
    if (address->ifa_addr == NULL || address->ifa_addr->sa_family != AF_PACKET)
        return NULL;
    return (const struct sockaddr_ll *)(const void *)address->ifa_addr;
}

/* Some virtual devices claim more than the 8 bytes that an address has room for. */
static uint8_t copy_link_layer_bytes(const struct sockaddr_ll *address, uint8_t bytes[8])
{
    static_assert(sizeof address->sll_addr == 8, "link-layer address");
    uint8_t length = address->sll_halen < sizeof address->sll_addr ? address->sll_halen : sizeof address->sll_addr;
    memcpy(bytes, address->sll_addr, length);
    return length;
}

/* Callbacks may be NULL. The name is the device's, not an alias of one of its addresses. */
int32_t SystemNative_EnumerateInterfaceAddresses(void *context, SnIpv4Found *on_ipv4, SnIpv6Found *on_ipv6,
                                                 SnLinkLayerFound *on_link_layer)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0)
        return -1;
    int32_t result = 0;
    for (const struct ifaddrs *address = all; address != NULL && result == 0; address = address->ifa_next) {
        if (address->ifa_addr == NULL)
            continue;
        char name[IF_NAMESIZE];
        unsigned index = if_nametoindex(address->ifa_name);
        SnIpAddressInfo ip;
        const struct sockaddr_ll *link_layer = link_layer_address(address);
        if (if_indextoname(index, name) == NULL) {
            result = -1;
        } else if (link_layer != NULL && on_link_layer != NULL) {
            SnLinkLayerAddressInfo information = {.interface_index = (int32_t)index,
                                                  .hardware_type = interface_type(link_layer->sll_hatype)};
            information.n_bytes = copy_link_layer_bytes(link_layer, information.bytes);
            on_link_layer(context, address->ifa_name, &information);
        } else if (ip_information(address, (int32_t)index, &ip)) {
            uint32_t scope_id = 0;
            if (ip.n_bytes == sizeof(struct in6_addr))
                scope_id = ((const struct sockaddr_in6 *)(const void *)address->ifa_addr)->sin6_scope_id;
            if (ip.n_bytes == sizeof(struct in_addr) && on_ipv4 != NULL)
                on_ipv4(context, name, &ip);
            else if (ip.n_bytes == sizeof(struct in6_addr) && on_ipv6 != NULL)
                on_ipv6(context, name, &ip, &scope_id);
        }
    }
    int error = errno;
    freeifaddrs(all);
    errno = error;
    return result;
}

/* Speed and link state by ethtool's oldest requests, which every kernel since 2.6 answers. */
static void read_link(int fd, struct ifreq *request, SnNetworkInterfaceInfo *information)
{
    if (information->hardware_type == TYPE_UNKNOWN || information->hardware_type == TYPE_TUNNEL ||
        information->hardware_type == TYPE_LOOPBACK)
        return;
    struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
    request->ifr_data = (char *)&link;
    if (ioctl(fd, SIOCETHTOOL, request) != 0)
        return;
    if (link.data == 0)
        information->operational_state = STATUS_DOWN;
    struct ethtool_cmd settings;
    memset(&settings, 0, sizeof settings);
    settings.cmd = ETHTOOL_GSET;
    request->ifr_data = (char *)&settings;
    if (ioctl(fd, SIOCETHTOOL, request) != 0)
        return;
    uint32_t megabits = (uint32_t)settings.speed_hi << 16 | settings.speed;
    information->speed = megabits == UINT32_MAX ? -1 : megabits * INT64_C(1000000);
}

static void read_device(int fd, const struct sockaddr_ll *link_layer, SnNetworkInterfaceInfo *information)
{
    information->hardware_type = interface_type(link_layer->sll_hatype);
    information->n_bytes = copy_link_layer_bytes(link_layer, information->bytes);
    struct ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, information->name, sizeof information->name - 1);
    if (fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0)
        information->mtu = request.ifr_mtu;
    if (fd >= 0)
        read_link(fd, &request, information);
}

static SnNetworkInterfaceInfo *find_or_add(SnNetworkInterfaceInfo *interfaces, int32_t *count, const struct ifaddrs *address,
                                           int32_t index)
{
    for (int32_t i = 0; i < *count; i++)
        if (interfaces[i].interface_index == index)
            return &interfaces[i];
    SnNetworkInterfaceInfo *added = &interfaces[(*count)++];
    static_assert(sizeof added->name == IF_NAMESIZE, "interface names");
    bool is_running = (address->ifa_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
    *added = (SnNetworkInterfaceInfo){
        .speed = -1,
        .interface_index = index,
        .hardware_type = TYPE_UNKNOWN,
        .operational_state = is_running ? STATUS_UP : STATUS_DOWN,
        .supports_multicast = (address->ifa_flags & (IFF_MULTICAST | IFF_ALLMULTI)) != 0,
    };
    strncpy(added->name, address->ifa_name, sizeof added->name - 1);
    return added;
}

/* One block of memory, which *interfaces owns, holds the interfaces and behind them the addresses. */
int32_t SystemNative_GetNetworkInterfaces(int32_t *n_interfaces, SnNetworkInterfaceInfo **interfaces, int32_t *n_addresses,
                                          SnIpAddressInfo **addresses)
{
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0)
        return -1;
    size_t n_entries = 0;
    for (const struct ifaddrs *address = all; address != NULL; address = address->ifa_next)
        n_entries++;
    *n_interfaces = *n_addresses = 0;
    *interfaces = calloc(n_entries + 1, sizeof **interfaces + sizeof **addresses);
    if (*interfaces == NULL) {
        freeifaddrs(all);
        errno = ENOMEM;
        return -1;
    }
    *addresses = (SnIpAddressInfo *)(void *)(*interfaces + n_entries);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (const struct ifaddrs *address = all; address != NULL; address = address->ifa_next) {
        int32_t index = (int32_t)if_nametoindex(address->ifa_name);
        SnNetworkInterfaceInfo *information = find_or_add(*interfaces, n_interfaces, address, index);
        const struct sockaddr_ll *link_layer = link_layer_address(address);
        if (link_layer != NULL)
            read_device(fd, link_layer, information);
        else if (ip_information(address, index, &(*addresses)[*n_addresses]))
            (*n_addresses)++;
    }
    freeifaddrs(all);
    if (fd >= 0)
        close(fd);
    return 0;
}

/* System.Net.NetworkInformation.TcpState of the kernel's TCP_ESTABLISHED (1) to TCP_CLOSING (11). */
int32_t SystemNative_MapTcpState(int32_t state)
{
    static const int32_t states[] = {0, 5, 3, 4, 6, 7, 11, 9, 8, 10, 2, 9};
    return state > 0 && state < (int32_t)(sizeof states / sizeof states[0]) ? states[state] : 0;
}
