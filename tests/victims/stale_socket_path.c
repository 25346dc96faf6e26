/*
 * A server goes and leaves its path behind, beside the program, where the next run replaces it.
 * EXPECT: stale-socket-path count=1 kind=socket-unix use=listen_at birth=listen_at
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_at(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
        exit(1);
    return fd;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (argc < 1 || snprintf(address.sun_path, sizeof(address.sun_path), "%s.s", argv[0]) >= (int)sizeof(address.sun_path))
        return 1;
    unlink(address.sun_path);
    close(listen_at(&address));
    return 0;
}
