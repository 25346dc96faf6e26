/*
 * Messages that the kernel refuses before it has looked at all of them: what is behind the refused part, or of a message
 * to a dead socket all of it, may have any length.
 */
#include "unseen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Alignas(struct cmsghdr) char control[64];

static void put(size_t at, size_t length, int fd)
{
    struct cmsghdr part = {.cmsg_len = length, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(control + at, &part, sizeof(part));
    memcpy(control + at + sizeof(part), &fd, sizeof(fd));
}

static void give(int socket)
{
    struct iovec data = {"x", 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    ssize_t answer = sendmsg(socket, &message, 0);
    printf("%zd %s\n", answer, strerrorname_np(errno));
}

int main(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 1;
    put(0, CMSG_LEN(sizeof(int)), -1);
    put(CMSG_SPACE(sizeof(int)), (size_t)-16, 0);
    give(pair[0]);
    put(0, (size_t)1 << 40, 0);
    unseen(SYS_close, pair[0], 0, 0, 0);
    give(pair[0]);
    return close(pair[1]);
}
