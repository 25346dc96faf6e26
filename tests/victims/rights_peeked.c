/*
 * Looking at a message with MSG_PEEK installs copies of its descriptors; receiving it installs them again.
 * EXPECT: rights-leak count=1 kind=file call=recvmsg birth=peek
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sends count descriptors with a byte. */
static int give(int socket, const int *fds, size_t count)
{
    union {
        struct cmsghdr part;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control = {.part = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))}};
    struct iovec data = {"x", 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    memcpy(CMSG_DATA(&control.part), fds, count * sizeof(int));
    return sendmsg(socket, &message, 0) == 1 ? 0 : 1;
}

/* Receives a message into room for `room` bytes of control data; the first descriptor, -1 none. */
static int take(int socket, size_t room, int flags)
{
    union {
        struct cmsghdr part;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    char byte;
    int fd = -1;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = room};
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags) == 1 && CMSG_FIRSTHDR(&message) != NULL)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
    return fd;
}

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
