/*
 * Socket addresses as text; the forms are listed in address.h.
 */
#include "address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

static char *put(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

static char *put_number(char *to, uint32_t number, uint32_t base)
{
    char digits[10];
    int count = 0;
    do
        digits[count++] = "0123456789abcdef"[number % base];
    while ((number /= base) != 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

static char *put_port(char *to, in_port_t port)
{
    *to++ = ':';
    return put_number(to, ntohs(port), 10);
}

static char *put_inet(char *to, const uint8_t bytes[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            *to++ = '.';
        to = put_number(to, bytes[i], 10);
    }
    return to;
}

static uint32_t group_at(const struct in6_addr *address, int i)
{
    return (uint32_t)address->s6_addr[2 * i] << 8 | address->s6_addr[2 * i + 1];
}

/* RFC 5952: the longest run of two or more zero groups, the first of equals, is written "::". */
static int longest_zeros(const struct in6_addr *address, int *length)
{
    int best = -1;
    *length = 1;
    for (int i = 0, run = 0; i < 8; i++) {
        run = group_at(address, i) == 0 ? run + 1 : 0;
        if (run > *length) {
            best = i - run + 1;
            *length = run;
        }
    }
    return best;
}

static char *put_inet6(char *to, const struct in6_addr *address)
{
    if (IN6_IS_ADDR_V4MAPPED(address))
        return put_inet(put(to, "::ffff:"), address->s6_addr + 12);
    int length;
    int zeros = longest_zeros(address, &length);
    for (int i = 0; i < 8; i++) {
        if (i == zeros) {
            to = put(to, "::");
            i += length - 1;
            continue;
        }
        if (i > 0 && to[-1] != ':')
            *to++ = ':';
        to = put_number(to, group_at(address, i), 16);
    }
    return to;
}

static char *put_unix(char *to, const struct sockaddr_un *address, size_t length)
{
    to = put(to, "unix:");
    /* An abstract name is all of its bytes, NULs among them; like /proc/net/unix we show those as '@'. */
    const bool abstract = address->sun_path[0] == '\0';
    for (size_t i = 0; i < length && (abstract || address->sun_path[i] != '\0'); i++)
        *to++ = address->sun_path[i] != '\0' ? address->sun_path[i] : '@';
    return to;
}

const char *address_text(char text[ADDRESS_SIZE], const struct sockaddr *address, socklen_t length)
{
    union {
        struct sockaddr     any;
        struct sockaddr_in  inet;
        struct sockaddr_in6 inet6;
        struct sockaddr_un  local;
    } copy = {0};
    char *to = text;

    if (address == NULL || length <= offsetof(struct sockaddr_un, sun_path))
        return NULL;
    /* The program's memory may be unaligned and shorter than the family suggests. */
    memcpy(&copy, address, length < sizeof copy ? length : sizeof copy);
    if (copy.any.sa_family == AF_INET && length >= sizeof copy.inet) {
        to = put_port(put_inet(to, (const uint8_t *)&copy.inet.sin_addr), copy.inet.sin_port);
    } else if (copy.any.sa_family == AF_INET6 && length >= sizeof copy.inet6) {
        to = put_inet6(put(to, "["), &copy.inet6.sin6_addr);
        if (copy.inet6.sin6_scope_id != 0)
            to = put_number(put(to, "%"), copy.inet6.sin6_scope_id, 10);
        to = put_port(put(to, "]"), copy.inet6.sin6_port);
    } else if (copy.any.sa_family == AF_UNIX) {
        size_t room = length - offsetof(struct sockaddr_un, sun_path);
        to = put_unix(to, &copy.local, room < sizeof copy.local.sun_path ? room : sizeof copy.local.sun_path);
    } else {
        return NULL;
    }
    *to = '\0';
    return text;
}

const char *address_received(char text[ADDRESS_SIZE], const struct sockaddr *address, socklen_t room,
                             const socklen_t *length)
{
    if (address == NULL || length == NULL)
        return NULL;
    return address_text(text, address, *length < room ? *length : room);
}
