/*
 * Sockets of a running process. See sockets.h.
 *
 * proc(5) describes the tables. Each begins with a heading, has one socket a line, and belongs to the network namespace
 * of the process it is read through. The path in `unix` is printed as it stands, newlines and all; it can garble that
 * table, and no more than that.
 */
#include "live/sockets.h"

#include "kind.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <uthash.h>

enum { ADDRESS_SIZE = INET6_ADDRSTRLEN + 16 };

struct socket_entry {
    unsigned long inode;
    enum fdt_kind kind;
    char *name; /* NULL: none */
    UT_hash_handle hh;
};

/* Takes name over. The first line about an inode stands. */
static void add(struct live_sockets *sockets, unsigned long inode, enum fdt_kind kind, char *name)
{
    struct socket_entry *entry = NULL;
    HASH_FIND(hh, sockets->entries, &inode, sizeof(inode), entry);
    if (inode == 0 || entry != NULL || (entry = calloc(1, sizeof(*entry))) == NULL) {
        free(name);
        return;
    }
    *entry = (struct socket_entry){.inode = inode, .kind = kind, .name = name};
    HASH_ADD(hh, sockets->entries, inode, sizeof(entry->inode), entry);
}

/* "0100007F:1F90": words in the machine's byte order, then the port. False: not an address of that family. */
static bool put_address(const char *text, int family, char *address, bool *any)
{
    uint32_t words[4] = {0};
    char digits[INET6_ADDRSTRLEN];
    unsigned port;
    size_t count = family == AF_INET ? 1 : 4;
    for (size_t i = 0; i < count; i++, text += 8)
        if (sscanf(text, "%8x", &words[i]) != 1 || strnlen(text, 8) < 8)
            return false;
    if (sscanf(text, ":%x", &port) != 1 || inet_ntop(family, words, digits, sizeof(digits)) == NULL)
        return false;
    *any = port != 0 || words[0] != 0 || words[1] != 0 || words[2] != 0 || words[3] != 0;
    snprintf(address, ADDRESS_SIZE, family == AF_INET ? "%s:%u" : "[%s]:%u", digits, port);
    return true;
}

/* sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode */
static void read_internet(struct live_sockets *sockets, const char *line, int family, enum fdt_kind kind)
{
    char local[64], remote[64], from[ADDRESS_SIZE], to[ADDRESS_SIZE], *name = NULL;
    unsigned long inode;
    bool bound, connected;
    if (sscanf(line, " %*s %63s %63s %*s %*s %*s %*s %*s %*s %lu", local, remote, &inode) != 3 ||
        !put_address(local, family, from, &bound) || !put_address(remote, family, to, &connected))
        return;
    if (connected ? asprintf(&name, "%s -> %s", from, to) < 0 : bound && asprintf(&name, "%s", from) < 0)
        name = NULL;
    add(sockets, inode, kind, name);
}

static void read_inet(struct live_sockets *sockets, const char *line)
{
    read_internet(sockets, line, AF_INET, FDT_SOCKET_INET);
}

static void read_inet6(struct live_sockets *sockets, const char *line)
{
    read_internet(sockets, line, AF_INET6, FDT_SOCKET_INET6);
}

/* Num RefCount Protocol Flags Type St Inode Path; an abstract name has '@' for its NULs. */
static void read_unix(struct live_sockets *sockets, const char *line)
{
    unsigned long inode;
    int path = 0;
    char *name = NULL;
    if (sscanf(line, "%*x: %*x %*x %*x %*x %*x %lu%n", &inode, &path) != 1 || path == 0)
        return;
    line += path;
    if (line[0] == ' ' && line[1] != '\0' && asprintf(&name, "unix:%s", line + 1) < 0)
        name = NULL;
    add(sockets, inode, FDT_SOCKET_UNIX, name);
}

/* sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode; Eth is the protocol, numbered in linux/netlink.h. */
static void read_netlink(struct live_sockets *sockets, const char *line)
{
    static const char *const protocols[] = {
        [0] = "route", [2] = "usersock", [4] = "sock_diag", [5] = "nflog", [6] = "xfrm", [7] = "selinux", [8] = "iscsi",
        [9] = "audit", [10] = "fib_lookup", [11] = "connector", [12] = "netfilter", [15] = "kobject_uevent",
        [16] = "generic", [18] = "scsitransport", [20] = "rdma", [21] = "crypto",
    };
    unsigned long inode;
    unsigned protocol;
    char *name = NULL;
    if (sscanf(line, "%*s %u %*s %*s %*s %*s %*s %*s %*s %lu", &protocol, &inode) != 2)
        return;
    bool known = protocol < sizeof(protocols) / sizeof(protocols[0]) && protocols[protocol] != NULL;
    if (known ? asprintf(&name, "netlink:%s", protocols[protocol]) < 0 : asprintf(&name, "netlink:%u", protocol) < 0)
        name = NULL;
    add(sockets, inode, FDT_SOCKET_NETLINK, name);
}

/* sk RefCnt Type Proto Iface R Rmem User Inode */
static void read_packet(struct live_sockets *sockets, const char *line)
{
    unsigned long inode;
    unsigned protocol, interface;
    char *name = NULL;
    if (sscanf(line, "%*s %*s %*s %x %u %*s %*s %*s %lu", &protocol, &interface, &inode) != 3)
        return;
    if (asprintf(&name, "packet:protocol 0x%04x, interface %u", protocol, interface) < 0)
        name = NULL;
    add(sockets, inode, FDT_SOCKET_PACKET, name);
}

static void read_table(struct live_sockets *sockets, int process, const char *path,
                       void (*read_line)(struct live_sockets *, const char *))
{
    int fd = openat(process, path, O_RDONLY | O_CLOEXEC);
    FILE *table = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (table == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    char *line = NULL;
    size_t size = 0;
    for (ssize_t length; (length = getline(&line, &size, table)) >= 0;) { /* the heading is no socket to any reader */
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        read_line(sockets, line);
    }
    free(line);
    fclose(table);
}

void live_sockets_read(struct live_sockets *sockets, int process)
{
    static const struct {
        const char *path;
        void (*read_line)(struct live_sockets *, const char *);
    } tables[] = {
        {"net/tcp", read_inet},    {"net/tcp6", read_inet6},   {"net/udp", read_inet},   {"net/udp6", read_inet6},
        {"net/raw", read_inet},    {"net/raw6", read_inet6},   {"net/icmp", read_inet},  {"net/icmp6", read_inet6},
        {"net/udplite", read_inet}, {"net/udplite6", read_inet6}, {"net/unix", read_unix},
        {"net/netlink", read_netlink}, {"net/packet", read_packet},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        read_table(sockets, process, tables[i].path, tables[i].read_line);
}

void live_sockets_free(struct live_sockets *sockets)
{
    struct socket_entry *entry, *next;
    HASH_ITER(hh, sockets->entries, entry, next) {
        HASH_DEL(sockets->entries, entry);
        free(entry->name);
        free(entry);
    }
    sockets->entries = NULL;
}

enum fdt_kind live_sockets_find(const struct live_sockets *sockets, ino_t inode, const char **name)
{
    unsigned long key = inode;
    struct socket_entry *entry = NULL;
    HASH_FIND(hh, sockets->entries, &key, sizeof(key), entry);
    *name = entry != NULL ? entry->name : NULL;
    return entry != NULL ? entry->kind : FDT_KIND_COUNT;
}

/*
 * system.sockprotoname is struct proto's name (linux/net/socket.c, since Linux 3.8). To read it nobody has to hold the
 * socket, as pidfd_getfd would: a socket must be able to die while we look at it.
 */
enum fdt_kind live_sockets_family(const char *path)
{
    char protocol[64];
    ssize_t length = getxattr(path, "system.sockprotoname", protocol, sizeof(protocol) - 1);
    protocol[length > 0 ? length : 0] = '\0';
    return kind_of_protocol(protocol);
}
