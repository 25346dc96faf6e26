/*
 * Two descriptors fit a buffer meant for one, because CMSG_SPACE rounds up; the second is never looked at.
 * EXPECT: rights-leak count=1 kind=file name=/etc/group call=recvmsg birth=take send=give
 */
#include "messages.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int pair[2], status = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        int fds[2] = {open("/etc/passwd", O_RDONLY | O_CLOEXEC), open("/etc/group", O_RDONLY | O_CLOEXEC)};
        int failed = give(pair[0], fds, 2);
        close(fds[0]);
        close(fds[1]);
        _exit(failed);
    }
    int fd = take(pair[1], CMSG_SPACE(sizeof(int)), 0);
    close(fd);
    close(pair[0]);
    close(pair[1]);
    return waitpid(child, &status, 0) != child || status != 0;
}
