/*
 * The registered one is the duplicate, its original lives on, and the number is given to another file: an innocent one, which is
 * registered, too. Whoever gets an event for that number cannot tell whose it is.
 * EXPECT: epoll-ghost count=1 kind=eventfd birth=copy_of register=watch death=drop duplicate=main
 */
#include <err.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int copy_of(int fd)
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
    struct epoll_event events[2];
    int instance = epoll_create1(EPOLL_CLOEXEC), counter = eventfd(1, EFD_CLOEXEC), copy = copy_of(counter);
    watch(instance, copy);
    drop(copy);
    int next = eventfd(1, EFD_CLOEXEC);
    if (next != copy)
        errx(1, "the number was not given out again");
    watch(instance, next);
    if (epoll_wait(instance, events, 2, 0) != 2 || events[0].data.fd != events[1].data.fd)
        errx(1, "this kernel knows no ghosts");
    close(next);
    close(counter);
    close(instance);
    return 0;
}
