/*
 * The duplicate came back to us in a message; and, in a child, both were there from the start.
 * EXPECT: epoll-ghost count=1 birth=counter register=watch death=drop
 * EXPECT: epoll-ghost count=1 register=watch death=drop_inherited
 */
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

union control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

static int counter(void)
{
    return eventfd(1, EFD_CLOEXEC);
}

static int through_message(int fd)
{
    int ends[2], copy;
    char byte = 'x';
    union control control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 || sendmsg(ends[0], &message, 0) != 1 ||
        recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC) != 1)
        err(1, "a message");
    memcpy(&copy, CMSG_DATA(&control.header), sizeof(copy));
    close(ends[0]);
    close(ends[1]);
    return copy;
}

static int watch(int fd)
{
    int instance = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(instance, EPOLL_CTL_ADD, fd, &event) != 0)
        err(1, "epoll_ctl");
    return instance;
}

static void wait_for(int instance)
{
    struct epoll_event event;
    if (epoll_wait(instance, &event, 1, 0) != 1)
        errx(1, "this kernel knows no ghosts");
    close(instance);
}

static void drop(int fd)
{
    close(fd);
}

static void drop_inherited(int fd)
{
    close(fd);
}

static void use_up(int copy)
{
    eventfd_t value;
    eventfd_read(copy, &value);
    close(copy);
}

int main(void)
{
    int fd = counter(), copy = through_message(fd), status;
    pid_t child = fork();
    if (child == 0) {
        int instance = watch(fd);
        drop_inherited(fd);
        wait_for(instance);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        errx(1, "the child failed");
    int instance = watch(fd);
    drop(fd);
    wait_for(instance);
    use_up(copy);
    return 0;
}
