/* Rows of preload/wrap_use.c: each call is made on a number that was open once. */
#include "row.h"

#include <aio.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>

static struct iovec vector[] = {{bytes, 10}, {bytes + 10, 20}};
#define ANY ((void *)bytes) /* a pointer to enough zeros */

USED(write, "write", write(stale(), "", 1))
USED(__write, "write", __write(stale(), "", 1))
USED(writev, "writev", writev(stale(), vector, 2))
USED(pread, "pread", pread(stale(), bytes, 1, 0))
USED(pread64, "pread", pread64(stale(), bytes, 1, 0))
USED(__pread64, "pread", __pread64(stale(), bytes, 1, 0))
USED(__pread_chk, "pread", __pread_chk(stale(), bytes, 1, 0, sizeof bytes))
USED(__pread64_chk, "pread", __pread64_chk(stale(), bytes, 1, 0, sizeof bytes))
USED(pwrite, "pwrite", pwrite(stale(), "", 1, 0))
USED(pwrite64, "pwrite", pwrite64(stale(), "", 1, 0))
USED(__pwrite64, "pwrite", __pwrite64(stale(), "", 1, 0))
USED(preadv, "preadv", preadv(stale(), vector, 2, 0))
USED(preadv64, "preadv", preadv64(stale(), vector, 2, 0))
USED(pwritev, "pwritev", pwritev(stale(), vector, 2, 0))
USED(pwritev64, "pwritev", pwritev64(stale(), vector, 2, 0))
USED(pwritev2, "pwritev2", pwritev2(stale(), vector, 2, 0, 0))
USED(pwritev64v2, "pwritev2", pwritev64v2(stale(), vector, 2, 0, 0))
USED(sendfile, "sendfile", sendfile(1, stale(), NULL, 1))
USED(sendfile64, "sendfile", sendfile64(stale(), 0, NULL, 1))
USED(copy_file_range, "copy_file_range", copy_file_range(stale(), NULL, 1, NULL, 1, 0))
USED(splice, "splice", splice(stale(), NULL, 1, NULL, 1, 0))
USED(tee, "tee", tee(stale(), 1, 1, 0))
USED(vmsplice, "vmsplice", vmsplice(stale(), vector, 2, 0))

static int listed(int (*print)(int, const char *, va_list), int fd, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int answer = print(fd, format, list);
    va_end(list);
    return answer;
}

static int print_checked(int fd, const char *format, va_list list)
{
    return __vdprintf_chk(fd, 1, format, list);
}

USED(dprintf, "dprintf", dprintf(stale(), "%d %s", 1, "word"))
USED(__dprintf_chk, "dprintf", __dprintf_chk(stale(), 1, "%d %s", 1, "word"))
USED(vdprintf, "vdprintf", listed(vdprintf, stale(), "%d %s", 1, "word"))
USED(__vdprintf_chk, "vdprintf", listed(print_checked, stale(), "%d %s", 1, "word"))

USED(lseek, "lseek", lseek(stale(), 0, SEEK_SET))
USED(lseek64, "lseek", lseek64(stale(), 0, SEEK_SET))
USED(__lseek, "lseek", __lseek(stale(), 0, SEEK_SET))
USED(ftruncate, "ftruncate", ftruncate(stale(), 0))
USED(ftruncate64, "ftruncate", ftruncate64(stale(), 0))
USED(fallocate, "fallocate", fallocate(stale(), 0, 0, 1))
USED(fallocate64, "fallocate", fallocate64(stale(), 0, 0, 1))
USED(posix_fallocate, "posix_fallocate", posix_fallocate(stale(), 0, 1))
USED(posix_fallocate64, "posix_fallocate", posix_fallocate64(stale(), 0, 1))
USED(posix_fadvise, "posix_fadvise", posix_fadvise(stale(), 0, 0, POSIX_FADV_NORMAL))
USED(posix_fadvise64, "posix_fadvise", posix_fadvise64(stale(), 0, 0, POSIX_FADV_NORMAL))
USED(readahead, "readahead", readahead(stale(), 0, 1))
USED(fsync, "fsync", fsync(stale()))
USED(fdatasync, "fdatasync", fdatasync(stale()))
USED(syncfs, "syncfs", syncfs(stale()))
USED(sync_file_range, "sync_file_range", sync_file_range(stale(), 0, 0, 0))
USED(flock, "flock", flock(stale(), LOCK_SH))
USED(lockf, "lockf", lockf(stale(), F_LOCK, 0))
USED(lockf64, "lockf", lockf64(stale(), F_LOCK, 0))
USED(mmap, "mmap", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, stale(), 0))
USED(mmap64, "mmap", mmap64(NULL, 4096, PROT_READ, MAP_PRIVATE, stale(), 0))

USED(fchmod, "fchmod", fchmod(stale(), 0600))
USED(fchown, "fchown", fchown(stale(), -1, -1))
USED(futimens, "futimens", futimens(stale(), NULL))
USED(futimes, "futimes", futimes(stale(), NULL))
USED(fstatfs, "fstatfs", fstatfs(stale(), ANY))
USED(fstatfs64, "fstatfs", fstatfs64(stale(), ANY))
USED(fstatvfs, "fstatvfs", fstatvfs(stale(), ANY))
USED(fstatvfs64, "fstatvfs", fstatvfs64(stale(), ANY))
USED(fgetxattr, "fgetxattr", fgetxattr(stale(), "user.row", bytes, 1))
USED(fsetxattr, "fsetxattr", fsetxattr(stale(), "user.row", bytes, 1, 0))
USED(fremovexattr, "fremovexattr", fremovexattr(stale(), "user.row"))
USED(flistxattr, "flistxattr", flistxattr(stale(), bytes, 1))

USED(fchdir, "fchdir", fchdir(stale()))
USED(getdents64, "getdents64", getdents64(stale(), bytes, sizeof bytes))
USED(getdirentries, "getdirentries", getdirentries(stale(), bytes, sizeof bytes, &(off_t){0}))
USED(getdirentries64, "getdirentries", getdirentries64(stale(), bytes, sizeof bytes, &(off64_t){0}))
USED(faccessat, "faccessat", faccessat(stale(), "x", F_OK, 0))
USED(fchmodat, "fchmodat", fchmodat(stale(), "x", 0600, 0))
USED(fchownat, "fchownat", fchownat(stale(), "x", -1, -1, 0))
USED(futimesat, "futimesat", futimesat(stale(), "x", NULL))
USED(utimensat, "utimensat", utimensat(stale(), "x", NULL, 0))
USED(mkdirat, "mkdirat", mkdirat(stale(), "x", 0700))
USED(mkfifoat, "mkfifoat", mkfifoat(stale(), "x", 0600))
USED(mknodat, "mknodat", mknodat(stale(), "x", S_IFIFO | 0600, 0))
USED(__xmknodat, "mknodat", __xmknodat(0, stale(), "x", S_IFIFO | 0600, &(dev_t){0}))
USED(readlinkat, "readlinkat", readlinkat(stale(), "x", bytes, sizeof bytes))
USED(__readlinkat_chk, "readlinkat", __readlinkat_chk(stale(), "x", bytes, sizeof bytes, sizeof bytes))
USED(symlinkat, "symlinkat", symlinkat("y", stale(), "x"))
USED(unlinkat, "unlinkat", unlinkat(stale(), "x", 0))
USED(linkat, "linkat", linkat(stale(), "x", AT_FDCWD, "y", 0))
USED(renameat, "renameat", renameat(AT_FDCWD, "/dev/null", stale(), "y"))
USED(renameat2, "renameat2", renameat2(stale(), "x", AT_FDCWD, "y", 0))
USED(name_to_handle_at, "name_to_handle_at", name_to_handle_at(stale(), "x", ANY, &(int){0}, 0))
USED(fsconfig, "fsconfig", fsconfig(stale(), 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0))
static struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
USED(move_mount, "move_mount", move_mount(stale(), "x", AT_FDCWD, "/tmp", 0))
USED(mount_setattr, "mount_setattr", mount_setattr(stale(), "x", 0, &read_only, sizeof read_only))

static struct sockaddr_in address = {.sin_family = AF_INET};
#define SOCKET_ADDRESS ((struct sockaddr *)&address)
static const struct in_addr nowhere;
static socklen_t length = sizeof address;
static uint32_t mode, number;

USED(listen, "listen", listen(stale(), 1))
USED(shutdown, "shutdown", shutdown(stale(), SHUT_RDWR))
USED(sockatmark, "sockatmark", sockatmark(stale()))
USED(getsockname, "getsockname", getsockname(stale(), SOCKET_ADDRESS, &length))
USED(getpeername, "getpeername", getpeername(stale(), SOCKET_ADDRESS, &length))
USED(setsockopt, "setsockopt", setsockopt(stale(), SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int)))
USED(send, "send", send(stale(), "", 1, 0))
/* glibc keeps it for programs of old, and so not on aarch64. */
__attribute__((weak)) extern __typeof__(send) __send;
USED(__send, "send", __send != NULL ? __send(stale(), "", 1, 0) : send(stale(), "", 1, 0))
USED(sendto, "sendto", sendto(stale(), "", 1, 0, SOCKET_ADDRESS, length))
USED(recv, "recv", recv(stale(), bytes, 1, 0))
USED(__recv_chk, "recv", __recv_chk(stale(), bytes, 1, sizeof bytes, 0))
USED(recvfrom, "recvfrom", recvfrom(stale(), bytes, 1, 0, NULL, NULL))
USED(__recvfrom_chk, "recvfrom", __recvfrom_chk(stale(), bytes, 1, sizeof bytes, 0, (struct sockaddr *)NULL, NULL))
USED(getipv4sourcefilter, "getipv4sourcefilter", getipv4sourcefilter(stale(), nowhere, nowhere, &mode, &number, ANY))
USED(setipv4sourcefilter, "setipv4sourcefilter", setipv4sourcefilter(stale(), nowhere, nowhere, 0, 0, ANY))
USED(getsourcefilter, "getsourcefilter", getsourcefilter(stale(), 0, SOCKET_ADDRESS, length, &mode, &number, ANY))
USED(setsourcefilter, "setsourcefilter", setsourcefilter(stale(), 0, SOCKET_ADDRESS, length, 0, 0, ANY))

USED(epoll_ctl, "epoll_ctl", epoll_ctl(stale(), EPOLL_CTL_ADD, 0, ANY))
USED(epoll_wait, "epoll_wait", epoll_wait(stale(), ANY, 1, 0))
USED(epoll_pwait, "epoll_pwait", epoll_pwait(stale(), ANY, 1, 0, NULL))
USED(epoll_pwait2, "epoll_pwait2", epoll_pwait2(stale(), ANY, 1, NULL, NULL))
USED(eventfd_read, "eventfd_read", eventfd_read(stale(), &(eventfd_t){0}))
USED(eventfd_write, "eventfd_write", eventfd_write(stale(), 1))
USED(timerfd_settime, "timerfd_settime", timerfd_settime(stale(), 0, ANY, NULL))
USED(timerfd_gettime, "timerfd_gettime", timerfd_gettime(stale(), ANY))
USED(inotify_add_watch, "inotify_add_watch", inotify_add_watch(stale(), "/", IN_CREATE))
USED(inotify_rm_watch, "inotify_rm_watch", inotify_rm_watch(stale(), 1))
USED(fanotify_mark, "fanotify_mark", fanotify_mark(stale(), FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/"))
USED(mq_getattr, "mq_getattr", mq_getattr(stale(), ANY))
USED(mq_setattr, "mq_setattr", mq_setattr(stale(), ANY, NULL))
USED(mq_notify, "mq_notify", mq_notify(stale(), NULL))
USED(mq_send, "mq_send", mq_send(stale(), "", 1, 0))
USED(mq_timedsend, "mq_timedsend", mq_timedsend(stale(), "", 1, 0, ANY))
USED(mq_receive, "mq_receive", mq_receive(stale(), bytes, sizeof bytes, NULL))
USED(mq_timedreceive, "mq_timedreceive", mq_timedreceive(stale(), bytes, sizeof bytes, NULL, &(struct timespec){0}))
USED(aio_cancel, "aio_cancel", aio_cancel(stale(), NULL))
USED(aio_cancel64, "aio_cancel", aio_cancel64(stale(), NULL))

USED(setns, "setns", setns(stale(), CLONE_NEWUTS))
USED(pidfd_send_signal, "pidfd_send_signal", pidfd_send_signal(stale(), 0, NULL, 0))
USED(process_madvise, "process_madvise", process_madvise(stale(), vector, 1, MADV_COLD, 0))
USED(process_mrelease, "process_mrelease", process_mrelease(stale(), 0))
USED(waitid, "waitid", waitid(P_PIDFD, stale(), ANY, WEXITED))

USED(tcgetattr, "tcgetattr", tcgetattr(stale(), ANY))
USED(tcsetattr, "tcsetattr", tcsetattr(stale(), TCSANOW, ANY))
USED(tcsendbreak, "tcsendbreak", tcsendbreak(stale(), 0))
USED(tcdrain, "tcdrain", tcdrain(stale()))
USED(tcflush, "tcflush", tcflush(stale(), TCIFLUSH))
USED(tcflow, "tcflow", tcflow(stale(), TCOON))
USED(tcgetpgrp, "tcgetpgrp", tcgetpgrp(stale()))
USED(tcsetpgrp, "tcsetpgrp", tcsetpgrp(stale(), 1))
USED(tcgetsid, "tcgetsid", tcgetsid(stale()))
USED(grantpt, "grantpt", grantpt(stale()))
USED(unlockpt, "unlockpt", unlockpt(stale()))
USED(ptsname, "ptsname", ptsname(stale()) == NULL ? -1 : 0)
USED(ptsname_r, "ptsname_r", ptsname_r(stale(), bytes, sizeof bytes))
USED(__ptsname_r_chk, "ptsname_r", __ptsname_r_chk(stale(), bytes, sizeof bytes, sizeof bytes))

/* Either of two descriptors may be the dead one. */
CASE(second_of_two)
{
    int watcher = kept("epoll_create1", epoll_create1(0));
    misused("epoll_ctl", epoll_ctl(watcher, EPOLL_CTL_ADD, stale(), ANY));
    misused("sendfile", sendfile(stale(), 0, NULL, 1));
    misused("linkat", linkat(AT_FDCWD, "/dev/null", stale(), "y", 0));
}

/* EBADF on a live descriptor is about its access mode, and on a number without a past about nothing we know. */
CASE(no_misuse)
{
    MUST(write(kept("open", open("/dev/null", O_RDONLY)), "", 1) == -1 && errno == EBADF);
    MUST(write(-1, "", 1) == -1 && read(300, bytes, 1) == -1 && read(100000000, bytes, 1) == -1);
    puts("!use-after-close");
}

/* The calls do what they would do without us. */
CASE(passed_on)
{
    int pair[2];
    struct iovec part = {bytes, 4};
    MUST(pipe(pair) == 0 && write(pair[1], "abcd", 4) == 4 && readv(pair[0], &part, 1) == 4);
    MUST(memcmp(bytes, "abcd", 4) == 0 && dprintf(pair[1], "%s %d", "x", 7) == 3 && read(pair[0], bytes, 9) == 3);
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(map != MAP_FAILED && (map[0] = 1) == 1 && munmap(map, 4096) == 0);
    MUST(posix_fadvise(pair[0], 0, 0, POSIX_FADV_NORMAL) == ESPIPE);
    MUST(lseek(pair[0], 0, SEEK_SET) == -1 && errno == ESPIPE);
}
