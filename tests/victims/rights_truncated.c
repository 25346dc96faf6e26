/*
 * Three descriptors are sent to somebody who has room for two (one, rounded up): the third is lost.
 * EXPECT: rights-truncated count=1 kind=socket-unix receive=take
 * EXPECT: rights-leak count=1 call=recvmsg birth=take
 */
#include "messages.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int pair[2], fds[3];
    for (int i = 0; i < 3; i++)
        fds[i] = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || give(pair[0], fds, 3) != 0)
        return 1;
    close(take(pair[1], CMSG_SPACE(sizeof(int)), 0));
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
