/*
 * Received and closed; received and used. Credentials that do not fit are no descriptors, though the flag is the same.
 * EXPECT: nothing
 */
#include "messages.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int pair[2], on = 1, fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || give(pair[0], &fd, 1) != 0)
        return 1;
    int first = take(pair[1], CMSG_SPACE(sizeof(int)), 0);
    if (give(pair[0], &fd, 1) != 0 || read(first, &byte, 1) != 1)
        return 2;
    close(first);
    close(take(pair[1], CMSG_SPACE(sizeof(int)), 0));
    setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
    if (write(pair[0], "x", 1) != 1)
        return 3;
    take(pair[1], sizeof(struct cmsghdr), 0);
    close(fd);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
