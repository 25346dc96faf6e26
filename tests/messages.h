/* What programs that pass descriptors in messages share: give and take. Both are used by name in expected stacks. */
#ifndef FDTRACE_TESTS_MESSAGES_H
#define FDTRACE_TESTS_MESSAGES_H

#include <string.h>
#include <sys/socket.h>

/* Sends count descriptors with a byte. */
__attribute__((unused)) static int give(int socket, const int *fds, size_t count)
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
__attribute__((unused)) static int take(int socket, size_t room, int flags)
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

#endif
