/*
 * Calls that only use a descriptor: nothing is recorded, but EBADF on a number with a past is a use after close. They
 * stand in the order of their sections of the manual. Probes (fstat, poll, select, isatty, ...) are not here: whoever
 * asks whether a number is open commits no misuse (scripts/surface-exceptions.tsv lists them with the other reasons).
 */
#include "compat.h"
#include "shapes.h"
#include "watch.h"

#include <aio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#ifdef __GLIBC__
#include <sys/pidfd.h>
#endif
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <netinet/in.h>
#include <sched.h>
#include <termios.h>

/* Prototypes that say how long an array is: access time, modification time. */
typedef struct timespec timespec_pair[2];
typedef struct timeval timeval_pair[2];

/* Data */
USE(ssize_t, write, "write", ((int, fd), (const void *, buffer), (size_t, size)))
USE(ssize_t, __write, "write", ((int, fd), (const void *, buffer), (size_t, size)))
USE(ssize_t, writev, "writev", ((int, fd), (const struct iovec *, vector), (int, count)))
USE(ssize_t, pread, "pread", ((int, fd), (void *, buffer), (size_t, size), (off_t, offset)))
USE(ssize_t, pread64, "pread", ((int, fd), (void *, buffer), (size_t, size), (off64_t, offset)))
USE(ssize_t, __pread64, "pread", ((int, fd), (void *, buffer), (size_t, size), (off64_t, offset)))
USE(ssize_t, __pread_chk, "pread", ((int, fd), (void *, buffer), (size_t, size), (off_t, offset), (size_t, room)))
USE(ssize_t, __pread64_chk, "pread", ((int, fd), (void *, buffer), (size_t, size), (off64_t, offset), (size_t, room)))
USE(ssize_t, pwrite, "pwrite", ((int, fd), (const void *, buffer), (size_t, size), (off_t, offset)))
USE(ssize_t, pwrite64, "pwrite", ((int, fd), (const void *, buffer), (size_t, size), (off64_t, offset)))
USE(ssize_t, __pwrite64, "pwrite", ((int, fd), (const void *, buffer), (size_t, size), (off64_t, offset)))
USE(ssize_t, preadv, "preadv", ((int, fd), (const struct iovec *, vector), (int, count), (off_t, offset)))
USE(ssize_t, preadv64, "preadv", ((int, fd), (const struct iovec *, vector), (int, count), (off64_t, offset)))
USE(ssize_t, pwritev, "pwritev", ((int, fd), (const struct iovec *, vector), (int, count), (off_t, offset)))
USE(ssize_t, pwritev64, "pwritev", ((int, fd), (const struct iovec *, vector), (int, count), (off64_t, offset)))
USE(ssize_t, pwritev2, "pwritev2", ((int, fd), (const struct iovec *, vector), (int, count), (off_t, offset), (int, flags)))
USE(ssize_t, pwritev64v2, "pwritev2", ((int, fd), (const struct iovec *, vector), (int, count), (off64_t, offset), (int, flags)))
USE_BOTH(ssize_t, sendfile, "sendfile", ((int, fd), (int, other_fd), (off_t *, offset), (size_t, size)))
USE_BOTH(ssize_t, sendfile64, "sendfile", ((int, fd), (int, other_fd), (off64_t *, offset), (size_t, size)))
USE_BOTH(ssize_t, copy_file_range, "copy_file_range", ((int, fd), (off64_t *, offset), (int, other_fd), (off64_t *, other_offset), (size_t, size), (unsigned int, flags)))
USE_BOTH(ssize_t, splice, "splice", ((int, fd), (off64_t *, offset), (int, other_fd), (off64_t *, other_offset), (size_t, size), (unsigned int, flags)))
USE_BOTH(ssize_t, tee, "tee", ((int, fd), (int, other_fd), (size_t, size), (unsigned int, flags)))
USE(ssize_t, vmsplice, "vmsplice", ((int, fd), (const struct iovec *, vector), (size_t, count), (unsigned int, flags)))
USE(int, vdprintf, "vdprintf", ((int, fd), (const char *, format), (va_list, list)))
USE(int, __vdprintf_chk, "vdprintf", ((int, fd), (int, flag), (const char *, format), (va_list, list)))

/* Position, length, storage */
USE(off_t, lseek, "lseek", ((int, fd), (off_t, offset), (int, whence)))
USE(off64_t, lseek64, "lseek", ((int, fd), (off64_t, offset), (int, whence)))
USE(off_t, __lseek, "lseek", ((int, fd), (off_t, offset), (int, whence)))
USE(int, ftruncate, "ftruncate", ((int, fd), (off_t, length)))
USE(int, ftruncate64, "ftruncate", ((int, fd), (off64_t, length)))
USE(int, fallocate, "fallocate", ((int, fd), (int, mode), (off_t, offset), (off_t, length)))
USE(int, fallocate64, "fallocate", ((int, fd), (int, mode), (off64_t, offset), (off64_t, length)))
USE_ERROR(posix_fallocate, "posix_fallocate", ((int, fd), (off_t, offset), (off_t, length)))
USE_ERROR(posix_fallocate64, "posix_fallocate", ((int, fd), (off64_t, offset), (off64_t, length)))
USE_ERROR(posix_fadvise, "posix_fadvise", ((int, fd), (off_t, offset), (off_t, length), (int, advice)))
USE_ERROR(posix_fadvise64, "posix_fadvise", ((int, fd), (off64_t, offset), (off64_t, length), (int, advice)))
USE(ssize_t, readahead, "readahead", ((int, fd), (off64_t, offset), (size_t, size)))
USE(int, fsync, "fsync", ((int, fd)))
USE(int, fdatasync, "fdatasync", ((int, fd)))
USE(int, syncfs, "syncfs", ((int, fd)))
USE(int, sync_file_range, "sync_file_range", ((int, fd), (off64_t, offset), (off64_t, size), (unsigned int, flags)))
USE(int, flock, "flock", ((int, fd), (int, operation)))
USE(int, lockf, "lockf", ((int, fd), (int, command), (off_t, length)))
USE(int, lockf64, "lockf", ((int, fd), (int, command), (off64_t, length)))
USE(void *, mmap, "mmap", ((void *, address), (size_t, length), (int, protection), (int, flags), (int, fd), (off_t, offset)))
USE(void *, mmap64, "mmap", ((void *, address), (size_t, length), (int, protection), (int, flags), (int, fd), (off64_t, offset)))

/* Attributes of files */
USE(int, fchmod, "fchmod", ((int, fd), (mode_t, mode)))
USE(int, fchown, "fchown", ((int, fd), (uid_t, owner), (gid_t, group)))
USE(int, futimens, "futimens", ((int, fd), (const timespec_pair, times)))
USE(int, futimes, "futimes", ((int, fd), (const timeval_pair, times)))
USE(int, fstatfs, "fstatfs", ((int, fd), (struct statfs *, status)))
USE(int, fstatfs64, "fstatfs", ((int, fd), (struct statfs64 *, status)))
USE(int, fstatvfs, "fstatvfs", ((int, fd), (struct statvfs *, status)))
USE(int, fstatvfs64, "fstatvfs", ((int, fd), (struct statvfs64 *, status)))
USE(ssize_t, fgetxattr, "fgetxattr", ((int, fd), (const char *, name), (void *, value), (size_t, size)))
USE(int, fsetxattr, "fsetxattr", ((int, fd), (const char *, name), (const void *, value), (size_t, size), (int, flags)))
USE(int, fremovexattr, "fremovexattr", ((int, fd), (const char *, name)))
USE(ssize_t, flistxattr, "flistxattr", ((int, fd), (char *, list), (size_t, size)))

/* Directories, and paths relative to one */
USE(int, fchdir, "fchdir", ((int, fd)))
USE(ssize_t, getdents64, "getdents64", ((int, fd), (void *, buffer), (size_t, size)))
USE(ssize_t, getdirentries, "getdirentries", ((int, fd), (char *, buffer), (size_t, size), (off_t *, base)))
USE(ssize_t, getdirentries64, "getdirentries", ((int, fd), (char *, buffer), (size_t, size), (off64_t *, base)))
USE(int, faccessat, "faccessat", ((int, fd), (const char *, path), (int, mode), (int, flags)))
USE(int, fchmodat, "fchmodat", ((int, fd), (const char *, path), (mode_t, mode), (int, flags)))
USE(int, fchownat, "fchownat", ((int, fd), (const char *, path), (uid_t, owner), (gid_t, group), (int, flags)))
USE(int, futimesat, "futimesat", ((int, fd), (const char *, path), (const timeval_pair, times)))
USE(int, utimensat, "utimensat", ((int, fd), (const char *, path), (const timespec_pair, times), (int, flags)))
USE(int, mkdirat, "mkdirat", ((int, fd), (const char *, path), (mode_t, mode)))
USE(int, mkfifoat, "mkfifoat", ((int, fd), (const char *, path), (mode_t, mode)))
USE(int, mknodat, "mknodat", ((int, fd), (const char *, path), (mode_t, mode), (dev_t, device)))
USE(int, __xmknodat, "mknodat", ((int, version), (int, fd), (const char *, path), (mode_t, mode), (dev_t *, device)))
USE(ssize_t, readlinkat, "readlinkat", ((int, fd), (const char *, path), (char *, buffer), (size_t, size)))
USE(ssize_t, __readlinkat_chk, "readlinkat", ((int, fd), (const char *, path), (char *, buffer), (size_t, size), (size_t, room)))
USE(int, symlinkat, "symlinkat", ((const char *, target), (int, fd), (const char *, path)))
USE(int, unlinkat, "unlinkat", ((int, fd), (const char *, path), (int, flags)))
USE_BOTH(int, linkat, "linkat", ((int, fd), (const char *, path), (int, other_fd), (const char *, other), (int, flags)))
USE_BOTH(int, renameat, "renameat", ((int, fd), (const char *, path), (int, other_fd), (const char *, other)))
USE_BOTH(int, renameat2, "renameat2", ((int, fd), (const char *, path), (int, other_fd), (const char *, other), (unsigned int, flags)))
USE(int, name_to_handle_at, "name_to_handle_at", ((int, fd), (const char *, path), (struct file_handle *, handle), (int *, mount), (int, flags)))
USE(int, fsconfig, "fsconfig", ((int, fd), (unsigned int, command), (const char *, key), (const void *, value), (int, other)))
USE_BOTH(int, move_mount, "move_mount", ((int, fd), (const char *, path), (int, other_fd), (const char *, other), (unsigned int, flags)))
USE(int, mount_setattr, "mount_setattr", ((int, fd), (const char *, path), (unsigned int, flags), (struct mount_attr *, attributes), (size_t, size)))

/* Sockets */
USE(int, listen, "listen", ((int, fd), (int, backlog)))
USE(int, shutdown, "shutdown", ((int, fd), (int, how)))
USE(int, sockatmark, "sockatmark", ((int, fd)))
USE(int, getsockname, "getsockname", ((int, fd), (__SOCKADDR_ARG, address), (socklen_t *, length)))
USE(int, getpeername, "getpeername", ((int, fd), (__SOCKADDR_ARG, address), (socklen_t *, length)))
USE(int, setsockopt, "setsockopt", ((int, fd), (int, level), (int, option), (const void *, value), (socklen_t, length)))
USE(ssize_t, send, "send", ((int, fd), (const void *, buffer), (size_t, size), (int, flags)))
USE(ssize_t, __send, "send", ((int, fd), (const void *, buffer), (size_t, size), (int, flags)))
USE(ssize_t, sendto, "sendto", ((int, fd), (const void *, buffer), (size_t, size), (int, flags), (__CONST_SOCKADDR_ARG, address), (socklen_t, length)))
USE(ssize_t, recv, "recv", ((int, fd), (void *, buffer), (size_t, size), (int, flags)))
USE(ssize_t, __recv_chk, "recv", ((int, fd), (void *, buffer), (size_t, size), (size_t, room), (int, flags)))
USE(ssize_t, recvfrom, "recvfrom", ((int, fd), (void *, buffer), (size_t, size), (int, flags), (__SOCKADDR_ARG, address), (socklen_t *, length)))
USE(ssize_t, __recvfrom_chk, "recvfrom", ((int, fd), (void *, buffer), (size_t, size), (size_t, room), (int, flags), (__SOCKADDR_ARG, address), (socklen_t *, length)))
USE(int, getipv4sourcefilter, "getipv4sourcefilter", ((int, fd), (struct in_addr, interface), (struct in_addr, group), (uint32_t *, mode), (uint32_t *, count), (struct in_addr *, sources)))
USE(int, setipv4sourcefilter, "setipv4sourcefilter", ((int, fd), (struct in_addr, interface), (struct in_addr, group), (uint32_t, mode), (uint32_t, count), (const struct in_addr *, sources)))
USE(int, getsourcefilter, "getsourcefilter", ((int, fd), (uint32_t, interface), (const struct sockaddr *, group), (socklen_t, length), (uint32_t *, mode), (uint32_t *, count), (struct sockaddr_storage *, sources)))
USE(int, setsourcefilter, "setsourcefilter", ((int, fd), (uint32_t, interface), (const struct sockaddr *, group), (socklen_t, length), (uint32_t, mode), (uint32_t, count), (const struct sockaddr_storage *, sources)))

/* Events, timers, queues. What is waited for may be watched under a number that is gone (watch.h). */
#define WAIT(name, public, list)                                                                       \
    FDT_USE(int, name, public, list, fd_is_special(fd) || __atomic_load_n(&watch_suspects, __ATOMIC_RELAXED) != 0, \
            FDT_FAILED(int), meant_fd, PREPARE(fd); watch_waits(&call, meant_fd))
WAIT(epoll_wait, "epoll_wait", ((int, fd), (struct epoll_event *, events), (int, count), (int, timeout)))
WAIT(epoll_pwait, "epoll_pwait", ((int, fd), (struct epoll_event *, events), (int, count), (int, timeout), (const sigset_t *, mask)))
WAIT(epoll_pwait2, "epoll_pwait2", ((int, fd), (struct epoll_event *, events), (int, count), (const struct timespec *, timeout), (const sigset_t *, mask)))
USE(int, eventfd_read, "eventfd_read", ((int, fd), (eventfd_t *, value)))
USE(int, eventfd_write, "eventfd_write", ((int, fd), (eventfd_t, value)))
USE(int, timerfd_settime, "timerfd_settime", ((int, fd), (int, flags), (const struct itimerspec *, value), (struct itimerspec *, old)))
USE(int, timerfd_gettime, "timerfd_gettime", ((int, fd), (struct itimerspec *, value)))
USE(int, inotify_add_watch, "inotify_add_watch", ((int, fd), (const char *, path), (uint32_t, mask)))
USE(int, inotify_rm_watch, "inotify_rm_watch", ((int, fd), (int, watch)))
USE_BOTH(int, fanotify_mark, "fanotify_mark", ((int, fd), (unsigned int, flags), (fanotify_mask_t, mask), (int, other_fd), (const char *, path)))
USE(int, mq_getattr, "mq_getattr", ((mqd_t, fd), (struct mq_attr *, attributes)))
USE(int, mq_setattr, "mq_setattr", ((mqd_t, fd), (const struct mq_attr *, attributes), (struct mq_attr *, old)))
USE(int, mq_notify, "mq_notify", ((mqd_t, fd), (const struct sigevent *, event)))
USE(int, mq_send, "mq_send", ((mqd_t, fd), (const char *, buffer), (size_t, size), (unsigned int, priority)))
USE(int, mq_timedsend, "mq_timedsend", ((mqd_t, fd), (const char *, buffer), (size_t, size), (unsigned int, priority), (const struct timespec *, deadline)))
USE(ssize_t, mq_receive, "mq_receive", ((mqd_t, fd), (char *, buffer), (size_t, size), (unsigned int *, priority)))
USE(ssize_t, mq_timedreceive, "mq_timedreceive", ((mqd_t, fd), (char *, buffer), (size_t, size), (unsigned int *, priority), (const struct timespec *, deadline)))
USE(int, aio_cancel, "aio_cancel", ((int, fd), (struct aiocb *, block)))
USE(int, aio_cancel64, "aio_cancel", ((int, fd), (struct aiocb64 *, block)))

/* Processes and namespaces */
USE(int, setns, "setns", ((int, fd), (int, type)))
USE(int, pidfd_send_signal, "pidfd_send_signal", ((int, fd), (int, signal), (siginfo_t *, info), (unsigned int, flags)))
USE(ssize_t, process_madvise, "process_madvise", ((int, fd), (const struct iovec *, vector), (size_t, count), (int, advice), (unsigned int, flags)))
USE(int, process_mrelease, "process_mrelease", ((int, fd), (unsigned int, flags)))

/* Terminals */
USE(int, tcgetattr, "tcgetattr", ((int, fd), (struct termios *, settings)))
USE(int, tcsetattr, "tcsetattr", ((int, fd), (int, when), (const struct termios *, settings)))
USE(int, tcsendbreak, "tcsendbreak", ((int, fd), (int, duration)))
USE(int, tcdrain, "tcdrain", ((int, fd)))
USE(int, tcflush, "tcflush", ((int, fd), (int, queue)))
USE(int, tcflow, "tcflow", ((int, fd), (int, action)))
USE(pid_t, tcgetpgrp, "tcgetpgrp", ((int, fd)))
USE(int, tcsetpgrp, "tcsetpgrp", ((int, fd), (pid_t, group)))
USE(pid_t, tcgetsid, "tcgetsid", ((int, fd)))
USE(int, grantpt, "grantpt", ((int, fd)))
USE(int, unlockpt, "unlockpt", ((int, fd)))
USE_ERROR(ptsname_r, "ptsname_r", ((int, fd), (char *, buffer), (size_t, size)))
USE_ERROR(__ptsname_r_chk, "ptsname_r", ((int, fd), (char *, buffer), (size_t, size), (size_t, room)))

/* A failure is NULL here. */
HOOK(ptsname, "ptsname");
EXPORT char *ptsname(int fd)
{
    char *name = REAL(ptsname)(fd);
    if (UNLIKELY(name == NULL) && errno == EBADF) {
        struct call call = CALL(ptsname);
        fd_bad_use(&call, fd);
    }
    return name;
}

/* Uses a descriptor only when it waits for the process of a pidfd. */
HOOK(waitid, "waitid");
EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    int answer = REAL(waitid)(type, id, info, options);
    if (UNLIKELY(answer < 0) && errno == EBADF && type == P_PIDFD) {
        struct call call = CALL(waitid);
        fd_bad_use(&call, (int)id);
    }
    return answer;
}

/* Variadic, and forwarded as the list that libc makes of it. */
HOOK_RELATIVE(dprintf, "dprintf");
EXPORT int dprintf(int fd, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int answer = REAL(vdprintf)(fd, format, list);
    va_end(list);
    if (UNLIKELY(answer < 0) && errno == EBADF) {
        struct call call = CALL(dprintf);
        fd_bad_use(&call, fd);
    }
    return answer;
}

HOOK_RELATIVE(__dprintf_chk, "dprintf");
EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int answer = REAL(__vdprintf_chk)(fd, flag, format, list);
    va_end(list);
    if (UNLIKELY(answer < 0) && errno == EBADF) {
        struct call call = CALL(__dprintf_chk);
        fd_bad_use(&call, fd);
    }
    return answer;
}
