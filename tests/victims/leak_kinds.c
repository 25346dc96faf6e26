/*
 * Descriptors that are no files: each kind is told by its contract name.
 * EXPECT: leak-at-exit count=1 kind=epoll call=epoll_create1
 * EXPECT: leak-at-exit count=1 kind=eventfd call=eventfd
 * EXPECT: leak-at-exit count=1 kind=timerfd call=timerfd_create
 * EXPECT: leak-at-exit count=1 kind=signalfd call=signalfd
 * EXPECT: leak-at-exit count=1 kind=inotify call=inotify_init1
 * EXPECT: leak-at-exit count=1 kind=memfd call=memfd_create
 * EXPECT: leak-at-exit count=1 kind=pidfd call=pidfd_open
 * EXPECT: leak-at-exit count=1 kind=pty-master call=posix_openpt
 * EXPECT: leak-at-exit count=1 kind=dir call=open name=/
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void check(int fd, const char *call)
{
    if (fd < 0)
        err(1, "%s", call);
}

int main(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    check(eventfd(0, EFD_CLOEXEC), "eventfd");
    check(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), "timerfd_create");
    check(signalfd(-1, &signals, SFD_CLOEXEC), "signalfd");
    check(inotify_init1(IN_CLOEXEC), "inotify_init1");
    check(memfd_create("scratch", MFD_CLOEXEC), "memfd_create");
    check(pidfd_open(getpid(), 0), "pidfd_open");
    check(posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt");
    check(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open");
    return 0;
}
