/* Rows of preload/wrap_socket.c. */
/* LIBS: -lpthread */
#include "row.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

ROW(socket)
{
    static const int domains[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_PACKET};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        kept("socket", socket(domains[i], SOCK_DGRAM, 0));
        kept("socket", socket(domains[i], SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    }
}

/* A listener on a free loopback port, whose address is left in where. */
static int listener(struct sockaddr_in *where)
{
    socklen_t length = sizeof *where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *where = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    MUST(bind(fd, (struct sockaddr *)where, sizeof *where) == 0 && listen(fd, 5) == 0);
    MUST(getsockname(fd, (struct sockaddr *)where, &length) == 0);
    return fd;
}

/* The first leak the report shows is this one, with its address. */
ROW(bind)
{
    struct sockaddr_in where;
    listener(&where);
    puts("'127.0.0.1:0'"); /* as the program asked for it */
    misused("bind", bind(stale(), (struct sockaddr *)&where, sizeof where));
}

CASE(bind_unix)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX, .sun_path = "\0fdtrace-row"};
    int fd = kept("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(bind(fd, (struct sockaddr *)&where, offsetof(struct sockaddr_un, sun_path) + 12) == 0);
    puts("'unix:@fdtrace-row'");
}

CASE(bind_inet6)
{
    struct sockaddr_in6 where = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = 0};
    int fd = kept("socket", socket(AF_INET6, SOCK_STREAM, 0));
    if (fd >= 0 && bind(fd, (struct sockaddr *)&where, sizeof where) == 0)
        puts("'[::1]:0'");
}

#define CONNECT_ROW(name)                                                                              \
    ROW(name)                                                                                          \
    {                                                                                                  \
        struct sockaddr_in where;                                                                      \
        int fd = kept("socket", socket(AF_INET, SOCK_STREAM, 0));                                      \
        listener(&where);                                                                              \
        MUST(name(fd, (struct sockaddr *)&where, sizeof where) == 0);                                  \
        printf("'127.0.0.1:%d'\n", ntohs(where.sin_port));                                             \
        misused("connect", name(stale(), (struct sockaddr *)&where, sizeof where));                    \
    }

CONNECT_ROW(connect)
CONNECT_ROW(__connect)

/* Ports below 1024 want CAP_NET_BIND_SERVICE. */
ROW(bindresvport)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    int fd = kept("socket", socket(AF_INET, SOCK_STREAM, 0));
    if (bindresvport(fd, &where) == 0)
        printf("'0.0.0.0:%d'\n", ntohs(where.sin_port));
    MUST(bindresvport(-1, NULL) == -1);
}

static struct sockaddr_in connected(int count)
{
    struct sockaddr_in where;
    int fd = listener(&where);
    for (int i = 0; i < count; i++)
        MUST(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&where, sizeof where) == 0);
    MUST(dup2(fd, 50) == 50);
    return where;
}

ROW(accept)
{
    struct sockaddr_in6 peer;
    socklen_t length = sizeof peer;
    connected(3);
    kept("accept", accept(50, NULL, NULL));
    kept("accept", accept(50, (struct sockaddr *)&peer, &length));
    length = 3; /* too short for any address */
    kept("accept", accept(50, (struct sockaddr *)&peer, &length));
    misused("accept", accept(stale(), NULL, NULL));
}

ROW(accept4)
{
    connected(2);
    kept("accept4", accept4(50, NULL, NULL, 0));
    kept("accept4", accept4(50, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
    misused("accept4", accept4(stale(), NULL, NULL, 0));
}

ROW(getsockopt)
{
    int pair[2], value;
    socklen_t length = sizeof value;
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, &length) == 0 && value == SOCK_STREAM);
    if (getsockopt(pair[0], SOL_SOCKET, SO_PEERPIDFD, &value, &length) == 0)
        kept("getsockopt", value);
    misused("getsockopt", getsockopt(stale(), SOL_SOCKET, SO_TYPE, &value, &length));
}

ROW(rresvport)
{
    int port = 1023;
    kept("rresvport", rresvport(&port));
}

ROW(rresvport_af)
{
    int port = 1023;
    kept("rresvport_af", rresvport_af(&port, AF_INET6));
}

/*
 * A server for the r-commands: reads the port for errors, connects back to it, reads the three words that follow, and
 * answers a zero byte. It wants a reserved port of its own, so the rows do nothing for an ordinary user.
 */
static void *serve(void *listening)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int reserved = IPPORT_RESERVED - 1, port = 0, words = 0;
    char letter;
    int fd = accept(*(int *)listening, (struct sockaddr *)&peer, &length);
    while (read(fd, &letter, 1) == 1 && letter != '\0')
        port = port * 10 + letter - '0';
    int back = port != 0 ? rresvport(&reserved) : -1;
    peer.sin_port = htons(port);
    if (back >= 0)
        MUST(connect(back, (struct sockaddr *)&peer, sizeof peer) == 0);
    while (words < 3 && read(fd, &letter, 1) == 1)
        words += letter == '\0';
    MUST(write(fd, "", 1) == 1);
    close(fd);
    close(back);
    return NULL;
}

#define COMMAND_ROW(name, one, two, ...)                                                               \
    ROW(name)                                                                                          \
    {                                                                                                  \
        struct sockaddr_in where;                                                                      \
        pthread_t thread;                                                                              \
        int port = 1023, reserved = rresvport(&port), fd = listener(&where), second = -1;              \
        char *host = (char[]){"127.0.0.1"}; /* is made to point to the official name */                \
        if (reserved < 0)                                                                              \
            return;                                                                                    \
        close(reserved);                                                                               \
        for (int i = 0; i < 2; i++) {                                                                  \
            MUST(pthread_create(&thread, NULL, serve, &fd) == 0);                                      \
            kept(#name, name(&host, where.sin_port, one, two, "true", i == 0 ? NULL : &second __VA_ARGS__)); \
            MUST(pthread_join(thread, NULL) == 0);                                                     \
        }                                                                                              \
        MUST(second >= 0);                                                                             \
    }

COMMAND_ROW(rcmd, "me", "you")
COMMAND_ROW(rexec, "me", "secret")
COMMAND_ROW(rcmd_af, "me", "you", , AF_INET)
COMMAND_ROW(rexec_af, "me", "secret", , AF_INET)
