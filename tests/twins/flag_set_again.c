/*
 * Close-on-exec is set twice, by the call that opens and by a cautious library after it: nothing is missing.
 * EXPECT: nothing
 * NEVER: missing-cloexec
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    int pair[2], fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return 1;
    for (int i = 0; i < 2; i++)
        fcntl(pair[i], F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    close(fd);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
