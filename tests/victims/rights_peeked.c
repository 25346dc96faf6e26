/*
 * Looking at a message with MSG_PEEK installs copies of its descriptors; receiving it installs them again.
 * EXPECT: rights-leak count=1 kind=file call=recvmsg birth=peek
 */
#include "messages.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int peek(int socket)
{
    return take(socket, CMSG_SPACE(sizeof(int)), MSG_PEEK) < 0;
}

int main(void)
{
    int pair[2], fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || give(pair[0], &fd, 1) != 0 || peek(pair[1]) != 0)
        return 1;
    int received = take(pair[1], CMSG_SPACE(sizeof(int)), 0);
    close(received);
    close(fd);
    close(pair[0]);
    close(pair[1]);
    return received < 0;
}
