/*
 * Sending a closed number is refused, in quarantine as without, and told.
 * EXPECT: use-after-close count=1 use=main
 * OPTIONS: quarantine=16
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    int pair[2], fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr part;
    } control = {.part = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec byte = {"x", 1};
    struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    memcpy(CMSG_DATA(&control.part), &fd, sizeof(fd));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        err(1, "socketpair");
    close(fd);
    if (sendmsg(pair[0], &message, 0) != -1 || errno != EBADF)
        errx(1, "a closed number was sent");
    return close(pair[0]) | close(pair[1]);
}
