/*
 * Sockets of several families, each born at its own line. A socket pair is one finding of two.
 * EXPECT: leak-at-exit count=1 kind=socket-inet call=socket birth=leak_inet
 * EXPECT: leak-at-exit count=1 kind=socket-unix call=socket birth=leak_unix
 * EXPECT: leak-at-exit count=1 kind=socket-netlink call=socket birth=leak_netlink
 * EXPECT: leak-at-exit count=2 kind=socket-unix call=socketpair birth=leak_pair
 */
#include <err.h>
#include <sys/socket.h>

static void check(int fd)
{
    if (fd < 0)
        err(1, "socket");
}

static void leak_inet(void)
{
    check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void leak_unix(void)
{
    check(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static void leak_netlink(void)
{
    check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static void leak_pair(void)
{
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

int main(void)
{
    leak_inet();
    leak_unix();
    leak_netlink();
    leak_pair();
    return 0;
}
