/*
 * Sockets: their births, and the addresses they are given by bind, connect and accept.
 */
#include "address.h"
#include "compat.h"
#include "family.h"
#include "rights.h"
#include "shapes.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

uint8_t socket_kind(int domain)
{
    switch (domain) {
    case AF_INET: return FDT_SOCKET_INET;
    case AF_INET6: return FDT_SOCKET_INET6;
    case AF_UNIX: return FDT_SOCKET_UNIX;
    case AF_NETLINK: return FDT_SOCKET_NETLINK;
    case AF_PACKET: return FDT_SOCKET_PACKET;
    default: return FDT_SOCKET_OTHER;
    }
}

/* SOCK_CLOEXEC and SOCK_NONBLOCK ride in the type. */
BIRTH(socket, "socket", ((int, domain), (int, type), (int, protocol)), .kind = socket_kind(domain), .cloexec = type & SOCK_CLOEXEC, .flags = (uint32_t)type)

/* A connection that is still being made has its peer already. AF_UNSPEC dissolves one and has no text form. */
void name_told(const struct call *call, int answer, int fd, const struct sockaddr *address, socklen_t length)
{
    char text[ADDRESS_SIZE];
    fd_used(call, answer, fd);
    if (answer < 0 && errno != EINPROGRESS)
        return;
    const char *name = address_text(text, address, length);
    if (name == NULL)
        return;
    bool binds = call_name(call->id)[0] == 'b';
    fd_named(call, fd, name);
    rights_named(fd, name, binds);
    if (binds && address->sa_family == AF_UNIX && strchr("@", name[strlen("unix:")]) == NULL) /* a path */
        fd_bound(call, fd);
}

#define NAMES(name, public)                                                                            \
    HOOK(name, public);                                                                                \
    EXPORT int name(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)                            \
    {                                                                                                  \
        int answer = REAL(name)(fd, address, length);                                                  \
        struct call call = CALL(name);                                                                 \
        name_told(&call, answer, fd, SOCKADDR_OF(address), length);                                    \
        return answer;                                                                                 \
    }

NAMES(bind, "bind")
NAMES(connect, "connect")
NAMES(__connect, "connect")

/* libc picks the port and writes it into the address, when it was given one. */
HOOK(bindresvport, "bindresvport");
EXPORT int bindresvport(int fd, struct sockaddr_in *address)
{
    struct call call = CALL(bindresvport);
    int answer = REAL(bindresvport)(fd, address);
    name_told(&call, answer, fd, (const struct sockaddr *)address, sizeof *address);
    return answer;
}

/* The new socket is of its listener's kind; nothing but SOCK_CLOEXEC of this very call makes it close-on-exec. */
void accepted(const struct call *call, int answer, int listener, bool cloexec, const char *peer)
{
    enum fdt_kind kind = fd_kind(listener);
    fd_born(call, answer, NEWBORN(.kind = kind, .cloexec = cloexec,
                                  .from = listener, .token = rights_token(listener), .name = peer));
    fd_used(call, answer, listener);
}

/* The room is fetched before the call: the kernel answers in the same word how much it would have liked. */
#define ACCEPT(name, parameters, arguments, accept_cloexec)                                            \
    HOOK(name, #name);                                                                                 \
    EXPORT int name parameters                                                                         \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        char text[ADDRESS_SIZE];                                                                       \
        socklen_t room = SOCKADDR_OF(address) != NULL && length != NULL ? *length : 0;                 \
        int answer = REAL(name) arguments;                                                             \
        const char *peer = answer >= 0 ? address_received(text, SOCKADDR_OF(address), room, length) : NULL; \
        accepted(&call, answer, fd, accept_cloexec, peer);                                             \
        return answer;                                                                                 \
    }

ACCEPT(accept, (int fd, __SOCKADDR_ARG address, socklen_t *length), (fd, address, length), false)
ACCEPT(accept4, (int fd, __SOCKADDR_ARG address, socklen_t *length, int flags), (fd, address, length, flags), flags & SOCK_CLOEXEC)

/* SO_PEERPIDFD (Linux 6.5) installs a pidfd of the peer and returns it as the option's value. */
void sockopt_got(const struct call *call, int answer, int fd, int level, int option, const void *value)
{
    fd_used(call, answer, fd);
    if (UNLIKELY(option == SO_PEERPIDFD) && level == SOL_SOCKET && answer == 0)
        fd_born(call, *(const int *)value, NEWBORN(.kind = FDT_PIDFD, .cloexec = true, .from = fd));
}

HOOK(getsockopt, "getsockopt");
EXPORT int getsockopt(int fd, int level, int option, void *value, socklen_t *length)
{
    int answer = REAL(getsockopt)(fd, level, option, value, length);
    struct call call = CALL(getsockopt);
    sockopt_got(&call, answer, fd, level, option, value);
    return answer;
}

/* The r-commands. A caller that asks for a channel for errors gets a second socket through fd2p. */
BIRTH(rresvport, "rresvport", ((int *, port)), .kind = FDT_SOCKET_INET, .flags = SOCK_STREAM)
BIRTH(rresvport_af, "rresvport_af", ((int *, port), (sa_family_t, family)), .kind = socket_kind(family), .flags = SOCK_STREAM)

static void command_born(const struct call *call, int fd, const int *second, struct birth *birth)
{
    fd_born(call, fd, birth);
    if (fd >= 0 && second != NULL)
        fd_born(call, *second, birth);
}

/* family AF_UNSPEC leaves the choice to the name service. */
#define COMMAND(name, list, family)                                                                    \
    HOOK(name, #name);                                                                                 \
    EXPORT int name(PARAMS(list))                                                                      \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        int fd = REAL(name)(ARGS(list));                                                               \
        uint8_t kind = family == AF_UNSPEC ? FDT_SOCKET_OTHER : socket_kind(family);                        \
        command_born(&call, fd, second, NEWBORN(.kind = kind, .flags = SOCK_STREAM));                  \
        return fd;                                                                                     \
    }

COMMAND(rcmd, ((char **, host), (unsigned short, port), (const char *, from), (const char *, to), (const char *, command), (int *, second)), AF_INET)
COMMAND(rexec, ((char **, host), (int, port), (const char *, user), (const char *, password), (const char *, command), (int *, second)), AF_INET)
COMMAND(rcmd_af, ((char **, host), (unsigned short, port), (const char *, from), (const char *, to), (const char *, command), (int *, second), (sa_family_t, family)), family)
COMMAND(rexec_af, ((char **, host), (int, port), (const char *, user), (const char *, password), (const char *, command), (int *, second), (sa_family_t, family)), family)
