/*
 * A watched pipe end is closed while a duplicate of it lives: its events keep coming, and nothing can name it any more.
 * EXPECT: epoll-ghost count=1 kind=pipe birth=make register=watch death=drop duplicate=keep
 */
#include <err.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

static void make(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        err(1, "pipe2");
}

static int keep(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void watch(int instance, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(instance, EPOLL_CTL_ADD, fd, &event) != 0)
        err(1, "epoll_ctl");
}

static void drop(int fd)
{
    close(fd);
}

int main(void)
{
    int ends[2];
    make(ends);
    int copy = keep(ends[0]), instance = epoll_create1(EPOLL_CLOEXEC);
    watch(instance, ends[0]);
    drop(ends[0]);
    struct epoll_event event;
    if (write(ends[1], "x", 1) != 1 || epoll_wait(instance, &event, 1, 0) != 1 || event.data.fd != ends[0])
        errx(1, "this kernel knows no ghosts");
    if (epoll_wait(instance, &event, 1, 0) != 1)
        errx(1, "it went away");
    close(copy);
    close(ends[1]);
    close(instance);
    return 0;
}
