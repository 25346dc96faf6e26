/* Rows of preload/wrap_event.c. */
#include "row.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

/* A call whose last argument is its flags. */
#define FLAGS_ROW(name, cloexec, ...)                                                                  \
    ROW(name)                                                                                          \
    {                                                                                                  \
        kept(#name, name(__VA_ARGS__ 0));                                                              \
        kept(#name, name(__VA_ARGS__ cloexec));                                                        \
    }
#define AND ,

FLAGS_ROW(epoll_create1, EPOLL_CLOEXEC)
FLAGS_ROW(eventfd, EFD_CLOEXEC, 0 AND)
FLAGS_ROW(timerfd_create, TFD_CLOEXEC, CLOCK_MONOTONIC AND)
FLAGS_ROW(inotify_init1, IN_CLOEXEC)

ROW(epoll_create)
{
    kept("epoll_create", epoll_create(1));
}

ROW(inotify_init)
{
    kept("inotify_init", inotify_init());
}

ROW(signalfd)
{
    sigset_t set;
    sigemptyset(&set);
    int fd = kept("signalfd", signalfd(-1, &set, 0));
    kept("signalfd", signalfd(-1, &set, SFD_CLOEXEC));
    MUST(signalfd(fd, &set, 0) == fd);
    misused("signalfd", signalfd(stale(), &set, 0));
}

ROW(fanotify_init)
{
    kept("fanotify_init", fanotify_init(0, O_RDONLY));
    kept("fanotify_init", fanotify_init(FAN_CLOEXEC, O_RDONLY));
}
