/*
 * Things that happen, as descriptors: epoll and what it watches, counters, signals, timers, file system notifications.
 */
#include "compat.h"
#include "family.h"
#include "shapes.h"
#include "watch.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

BIRTH(epoll_create, "epoll_create", ((int, size)), .kind = FDT_EPOLL)
BIRTH(epoll_create1, "epoll_create1", ((int, flags)), .kind = FDT_EPOLL, .cloexec = flags & EPOLL_CLOEXEC)
BIRTH(eventfd, "eventfd", ((unsigned int, value), (int, flags)), .kind = FDT_EVENTFD, .cloexec = flags & EFD_CLOEXEC)
BIRTH(timerfd_create, "timerfd_create", ((clockid_t, clock), (int, flags)), .kind = FDT_TIMERFD, .cloexec = flags & TFD_CLOEXEC)
BIRTH(inotify_init1, "inotify_init1", ((int, flags)), .kind = FDT_INOTIFY, .cloexec = flags & IN_CLOEXEC)

HOOK(inotify_init, "inotify_init");
EXPORT int inotify_init(void)
{
    struct call call = CALL(inotify_init);
    int fd = REAL(inotify_init)();
    fd_born(&call, fd, NEWBORN(.kind = FDT_INOTIFY));
    return fd;
}

/* Only -1 makes a new one; any other number is changed and returned. */
HOOK(signalfd, "signalfd");
EXPORT int signalfd(int fd, const sigset_t *mask, int flags)
{
    struct call call = CALL(signalfd);
    int answer = REAL(signalfd)(fd, mask, flags);
    if (fd == -1)
        fd_born(&call, answer, NEWBORN(.kind = FDT_SIGNALFD, .cloexec = flags & SFD_CLOEXEC));
    else
        fd_used(&call, answer, fd);
    return answer;
}

/* From now on a read may bring descriptors (wrap_read.c). */
HOOK(fanotify_init, "fanotify_init");
EXPORT int fanotify_init(unsigned int flags, unsigned int event_flags)
{
    struct call call = CALL(fanotify_init);
    int fd = REAL(fanotify_init)(flags, event_flags);
    fd_born(&call, fd, NEWBORN(.kind = FDT_FANOTIFY, .cloexec = flags & FAN_CLOEXEC));
    reads_bear |= fd >= 0;
    return fd;
}

/* EBADF does not say which of the two was dead: the watched descriptor is as good a suspect as the instance. */
HOOK(epoll_ctl, "epoll_ctl");
EXPORT int epoll_ctl(int fd, int operation, int other_fd, struct epoll_event *event)
{
    struct call call = CALL(epoll_ctl);
    uint64_t epoll_word = fd_word(fd), word = fd_word(other_fd);
    fd_touch(fd);
    fd_touch(other_fd);
    int answer = REAL(epoll_ctl)(quarantine_stand_in(fd), operation, quarantine_stand_in(other_fd), event);
    if (answer == 0)
        watch_changed(&call, fd, epoll_word, operation, other_fd, word);
    else
        fd_used(&call, answer, fd_is_dead(fd) ? fd : other_fd);
    return answer;
}
