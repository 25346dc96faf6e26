/* See cure.h. */
#include "cure.h"

#include <stddef.h>
#include <string.h>

/* What to write instead. Names are public ones, so open covers open64. */
static const struct cure { const char *call, *cure; } cures[] = {
    {"accept", "accept4(..., SOCK_CLOEXEC)"},
    {"accept4", "accept4(..., SOCK_CLOEXEC)"},
    {"bpf", "fcntl(fd, F_SETFD, FD_CLOEXEC)"},
    {"creat", "open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, mode)"},
    {"dup", "fcntl(fd, F_DUPFD_CLOEXEC, 0)"},
    {"dup2", "dup3(old, new, O_CLOEXEC)"},
    {"dup3", "dup3(old, new, O_CLOEXEC)"},
    {"epoll_create", "epoll_create1(EPOLL_CLOEXEC)"},
    {"epoll_create1", "epoll_create1(EPOLL_CLOEXEC)"},
    {"eventfd", "eventfd(count, EFD_CLOEXEC)"},
    {"fanotify_init", "fanotify_init(FAN_CLOEXEC | ..., ...)"},
    {"fcntl", "fcntl(fd, F_DUPFD_CLOEXEC, lowest)"},
    {"fopen", "fopen(path, \"re\")"},
    {"freopen", "freopen(path, \"re\", stream)"},
    {"inotify_init", "inotify_init1(IN_CLOEXEC)"},
    {"inotify_init1", "inotify_init1(IN_CLOEXEC)"},
    {"memfd_create", "memfd_create(name, MFD_CLOEXEC)"},
    {"memfd_secret", "memfd_secret(O_CLOEXEC)"},
    {"mkostemp", "mkostemp(template, O_CLOEXEC)"},
    {"mkostemps", "mkostemps(template, length, O_CLOEXEC)"},
    {"mkstemp", "mkostemp(template, O_CLOEXEC)"},
    {"mkstemps", "mkostemps(template, length, O_CLOEXEC)"},
    {"open", "open(path, flags | O_CLOEXEC)"},
    {"openat", "openat(folder, path, flags | O_CLOEXEC)"},
    {"openat2", "O_CLOEXEC in open_how.flags"},
    {"open_by_handle_at", "open_by_handle_at(mount, handle, flags | O_CLOEXEC)"},
    {"perf_event_open", "perf_event_open(..., PERF_FLAG_FD_CLOEXEC)"},
    {"pipe", "pipe2(fds, O_CLOEXEC)"},
    {"pipe2", "pipe2(fds, O_CLOEXEC)"},
    {"popen", "popen(command, \"re\")"},
    {"posix_openpt", "posix_openpt(O_RDWR | O_CLOEXEC)"},
    {"recvmmsg", "MSG_CMSG_CLOEXEC among the flags of recvmmsg()"},
    {"recvmsg", "recvmsg(socket, message, MSG_CMSG_CLOEXEC)"},
    {"signalfd", "signalfd(fd, mask, SFD_CLOEXEC)"},
    {"socket", "socket(family, type | SOCK_CLOEXEC, protocol)"},
    {"socketpair", "socketpair(family, type | SOCK_CLOEXEC, protocol, fds)"},
    {"timerfd_create", "timerfd_create(clock, TFD_CLOEXEC)"},
    {"userfaultfd", "userfaultfd(O_CLOEXEC)"},
};

const char *cloexec_cure(const char *call)
{
    for (size_t i = 0; call != NULL && i < sizeof(cures) / sizeof(cures[0]); i++)
        if (strcmp(cures[i].call, call) == 0)
            return cures[i].cure;
    return "fcntl(fd, F_SETFD, FD_CLOEXEC)";
}
