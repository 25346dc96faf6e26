/*
 * A received descriptor that is used is the program's own affair: an ordinary leak.
 * EXPECT: leak-at-exit count=1 kind=file name=/etc/passwd call=recvmsg birth=take
 */
#include "messages.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int pair[2], fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || give(pair[0], &fd, 1) != 0)
        return 1;
    int received = take(pair[1], CMSG_SPACE(sizeof(int)), 0);
    close(fd);
    close(pair[0]);
    close(pair[1]);
    return read(received, &byte, 1) != 1;
}
