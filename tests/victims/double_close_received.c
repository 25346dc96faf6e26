/*
 * A received descriptor is closed twice. The message it came in did not say what it is; its sender knew.
 * EXPECT: double-close count=1 kind=file call=recvmsg birth=take second-close=let_go
 */
#include "messages.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void let_go(int fd)
{
    close(fd);
}

int main(void)
{
    int pair[2], fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || give(pair[0], &fd, 1) != 0)
        return 1;
    int received = take(pair[1], CMSG_SPACE(sizeof(int)), 0);
    close(fd);
    let_go(received);
    let_go(received);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
