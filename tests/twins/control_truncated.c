/*
 * A message's time stamp does not fit the control buffer (MSG_CTRUNC): no descriptor was lost.
 * EXPECT: nothing
 */
#include <sys/socket.h>
#include <unistd.h>

static int truncated(int option)
{
    int pair[2], on = 1;
    char byte, control[sizeof(struct cmsghdr) + 1];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) != 0 ||
        setsockopt(pair[1], SOL_SOCKET, option, &on, sizeof(on)) != 0 || write(pair[0], "x", 1) != 1 ||
        recvmsg(pair[1], &message, 0) != 1)
        return 0;
    close(pair[0]);
    close(pair[1]);
    return (message.msg_flags & MSG_CTRUNC) != 0;
}

int main(void)
{
    return !truncated(SO_TIMESTAMP) || !truncated(SO_TIMESTAMPNS);
}
