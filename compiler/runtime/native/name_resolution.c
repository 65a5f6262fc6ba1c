/* Host names and addresses. */
#include "system_native.h"

#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Interop.Sys.GetAddrInfoErrorFlags. */
enum {
    PAL_EAI_AGAIN = 1,
    PAL_EAI_BADFLAGS = 2,
    PAL_EAI_FAIL = 3,
    PAL_EAI_FAMILY = 4,
    PAL_EAI_NONAME = 5,
    PAL_EAI_BADARG = 6,
    PAL_EAI_MEMORY = 8,
    PAL_EAI_SYSTEM = 9
};

static int32_t convert_error(int error)
{
    switch (error) {
    case 0:
        return 0;
    case EAI_AGAIN:
        return PAL_EAI_AGAIN;
    case EAI_BADFLAGS:
        return PAL_EAI_BADFLAGS;
    case EAI_FAIL:
        return PAL_EAI_FAIL;
    case EAI_FAMILY:
        return PAL_EAI_FAMILY;
    case EAI_NONAME:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
        return PAL_EAI_NONAME;
    case EAI_MEMORY:
        return PAL_EAI_MEMORY;
    case EAI_SYSTEM:
        return PAL_EAI_SYSTEM;
    default:
        return -1;
    }
}

static bool copy_address(const struct sockaddr *from, SnIPAddress *to)
{
    if (from == NULL)
        return false;
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)from;
        *to = (SnIPAddress){.is_ipv6 = 0};
        memcpy(to->bytes, &ipv4->sin_addr, sizeof ipv4->sin_addr);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)from;
        *to = (SnIPAddress){.is_ipv6 = 1, .scope_id = ipv6->sin6_scope_id};
        memcpy(to->bytes, &ipv6->sin6_addr, sizeof ipv6->sin6_addr);
        return true;
    }
    return false;
}

static bool is_up(const struct ifaddrs *address)
{
    return address->ifa_addr != NULL && (address->ifa_flags & IFF_UP) != 0;
}

static bool is_own_name(const char *name)
{
    char own[_POSIX_HOST_NAME_MAX + 1] = {0};
    return gethostname(own, sizeof own - 1) == 0 && strcasecmp(name, own) == 0;
}

static bool has_other_than_loopback(const struct ifaddrs *interfaces, sa_family_t family)
{
    for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
        if (is_up(i) && i->ifa_addr->sa_family == family && (i->ifa_flags & IFF_LOOPBACK) == 0)
            return true;
    return false;
}

static size_t count_addresses(const struct addrinfo *found, const struct ifaddrs *interfaces)
{
    size_t count = 0;
    for (; found != NULL; found = found->ai_next)
        count++;
    for (; interfaces != NULL; interfaces = interfaces->ifa_next)
        count++;
    return count;
}

/* Fills entry->addresses: what the resolver found, then the machine's own addresses when its own name was asked for. A family's
 * loopback addresses are left out when the family has others. */
static bool fill_addresses(const struct addrinfo *found, const struct ifaddrs *interfaces, SnHostEntry *entry)
{
    entry->addresses = calloc(count_addresses(found, interfaces) + 1, sizeof *entry->addresses);
    if (entry->addresses == NULL)
        return false;
    for (; found != NULL; found = found->ai_next)
        if (copy_address(found->ai_addr, &entry->addresses[entry->n_addresses]))
            entry->n_addresses++;
    bool skip_ipv4_loopback = has_other_than_loopback(interfaces, AF_INET);
    bool skip_ipv6_loopback = has_other_than_loopback(interfaces, AF_INET6);
    for (; interfaces != NULL; interfaces = interfaces->ifa_next) {
        if (!is_up(interfaces))
            continue;
        bool skip_loopback = interfaces->ifa_addr->sa_family == AF_INET ? skip_ipv4_loopback : skip_ipv6_loopback;
        if (skip_loopback && (interfaces->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        if (copy_address(interfaces->ifa_addr, &entry->addresses[entry->n_addresses]))
            entry->n_addresses++;
    }
    return true;
}

/* On success the caller frees the entry; on failure there is nothing to free. */
int32_t SystemNative_GetHostEntryForName(const uint8_t *name, int32_t family, SnHostEntry *entry)
{
    if (name == NULL || entry == NULL)
        return PAL_EAI_BADARG;
    int native_family = sn_platform_address_family(family);
    if (native_family < 0)
        return PAL_EAI_FAMILY;
    struct addrinfo hint;
    memset(&hint, 0, sizeof hint);
    hint.ai_flags = AI_CANONNAME;
    hint.ai_family = native_family;
    struct addrinfo *found = NULL;
    int error = getaddrinfo((const char *)name, NULL, &hint, &found);
    if (error != 0)
        return convert_error(error);
    *entry = (SnHostEntry){0};
    bool complete = true;
    if (found->ai_canonname != NULL) {
        entry->canonical_name = strdup(found->ai_canonname);
        complete = entry->canonical_name != NULL;
    }
    struct ifaddrs *interfaces = NULL;
    if (is_own_name((const char *)name) && getifaddrs(&interfaces) != 0)
        interfaces = NULL; /* the resolver's answer stands by itself */
    complete = complete && fill_addresses(found, interfaces, entry);
    freeaddrinfo(found);
    if (interfaces != NULL)
        freeifaddrs(interfaces);
    if (!complete)
        SystemNative_FreeHostEntry(entry);
    return complete ? 0 : PAL_EAI_MEMORY;
}

void SystemNative_FreeHostEntry(SnHostEntry *entry)
{
    if (entry == NULL)
        return;
    free(entry->canonical_name);
    free(entry->addresses);
    *entry = (SnHostEntry){0};
}

/* flags: 1 fails without a name, 2 wants numbers. */
int32_t SystemNative_GetNameInfo(const uint8_t *address, uint32_t length, uint8_t is_ipv6, uint8_t *host, uint32_t host_length,
                                 uint8_t *service, uint32_t service_length, int32_t flags)
{
    int native_flags = ((flags & 1) != 0 ? NI_NAMEREQD : 0) | ((flags & 2) != 0 ? NI_NUMERICHOST : 0);
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    memset(&ipv4, 0, sizeof ipv4);
    memset(&ipv6, 0, sizeof ipv6);
    ipv4.sin_family = AF_INET;
    ipv6.sin6_family = AF_INET6;
    if (length != (is_ipv6 ? sizeof ipv6.sin6_addr : sizeof ipv4.sin_addr))
        return PAL_EAI_BADARG;
    memcpy(is_ipv6 ? (void *)&ipv6.sin6_addr : (void *)&ipv4.sin_addr, address, length);
    const struct sockaddr *native = is_ipv6 ? (const struct sockaddr *)&ipv6 : (const struct sockaddr *)&ipv4;
    socklen_t native_length = is_ipv6 ? sizeof ipv6 : sizeof ipv4;
    return convert_error(
        getnameinfo(native, native_length, (char *)host, host_length, (char *)service, service_length, native_flags));
}

/* 0 when there is no such interface. */
uint32_t SystemNative_InterfaceNameToIndex(char *name)
{
    return if_nametoindex(name);
}
