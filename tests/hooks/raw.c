/* Rows of preload/wrap_raw.c: calls made by number. */
#include "row.h"

#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

/* Calls that have nothing to do with descriptors, and all six words of one that has. */
ROW(syscall)
{
    MUST(syscall(SYS_getpid) == getpid());
    char *map = (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(map != MAP_FAILED);
    map[0] = 1;
    MUST(syscall(SYS_lseek, -1, 0, 0) == -1 && errno == EBADF);
}

CASE(numbers_open)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
    kept("openat", syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY));
    kept("openat", syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC));
    kept("openat2", syscall(SYS_openat2, AT_FDCWD, "/dev/null", &how, sizeof how));
    kept("memfd_create", syscall(SYS_memfd_create, "row", MFD_CLOEXEC));
    kept("memfd_secret", syscall(SYS_memfd_secret, O_CLOEXEC));
#ifdef SYS_open
    kept("open", syscall(SYS_open, "/dev/null", O_RDONLY | O_CLOEXEC));
    kept("creat", syscall(SYS_creat, "/dev/null", 0600));
#endif
}

CASE(numbers_close)
{
    int fd = open("/dev/null", O_RDONLY);
    MUST(syscall(SYS_close, fd) == 0 && syscall(SYS_close, fd) == -1 && errno == EBADF);
    puts("double-close: close of descriptor");
    for (int i = 0; i < 20; i++)
        MUST(dup(1) >= 0);
    MUST(syscall(SYS_close_range, 5, 8, 0) == 0);
    MUST(syscall(SYS_close_range, 10, 12, CLOSE_RANGE_CLOEXEC) == 0);
}

CASE(numbers_dup)
{
    int fd = kept("open", open("/dev/null", O_RDONLY | O_CLOEXEC)), live = kept("open", open("/", O_RDONLY));
    kept("dup", syscall(SYS_dup, fd));
    kept("dup3", syscall(SYS_dup3, fd, 100, O_CLOEXEC));
    kept("dup3", syscall(SYS_dup3, 100, live, 0));
#ifdef SYS_dup2
    kept("dup2", syscall(SYS_dup2, fd, 101));
    MUST(syscall(SYS_dup2, fd, fd) == fd);
#endif
    kept("fcntl", syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 60));
    MUST(syscall(SYS_fcntl, fd, F_SETFD, 0) == 0 && syscall(SYS_ioctl, live, FIOCLEX) == 0);
    misused("dup", syscall(SYS_dup, stale()));
}

CASE(numbers_pair)
{
    int pair[2];
    kept("pipe2", syscall(SYS_pipe2, pair, O_CLOEXEC));
    kept("socketpair", syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair));
#ifdef SYS_pipe
    kept("pipe", syscall(SYS_pipe, pair));
#endif
}

CASE(numbers_event)
{
    uint64_t set = 0;
    kept("epoll_create1", syscall(SYS_epoll_create1, EPOLL_CLOEXEC));
    kept("eventfd", syscall(SYS_eventfd2, 0, 0));
    int fd = kept("signalfd", syscall(SYS_signalfd4, -1, &set, sizeof set, O_CLOEXEC));
    MUST(syscall(SYS_signalfd4, fd, &set, sizeof set, 0) == fd);
    kept("timerfd_create", syscall(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC));
    kept("inotify_init1", syscall(SYS_inotify_init1, 0));
    kept("fanotify_init", syscall(SYS_fanotify_init, 0, O_RDONLY));
    kept("pidfd_open", syscall(SYS_pidfd_open, getpid(), 0));
#ifdef SYS_eventfd
    kept("eventfd", syscall(SYS_eventfd, 0));
    kept("epoll_create", syscall(SYS_epoll_create, 1));
    kept("inotify_init", syscall(SYS_inotify_init));
    kept("signalfd", syscall(SYS_signalfd, -1, &set, sizeof set));
#endif
}

/* Numbers that no function of libc stands for. Kernels refuse some of them to some users. */
CASE(numbers_alone)
{
    struct io_uring_params ring = {0};
    struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE};
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_DUMMY,
                                    .exclude_kernel = 1};
    struct { uint32_t type, key, value, entries; } map = {2 /* BPF_MAP_TYPE_ARRAY */, 4, 4, 1};
    kept("io_uring_setup", syscall(SYS_io_uring_setup, 1, &ring));
    kept("landlock_create_ruleset", syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0));
    MUST(syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0 || unavailable(errno));
    long counter = syscall(SYS_perf_event_open, &event, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (counter >= 0 || errno != ENOENT)
        kept("perf_event_open", counter);
    kept("bpf", syscall(SYS_bpf, 0 /* BPF_MAP_CREATE */, &map, sizeof map));
    kept("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
    kept("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
    kept("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 0));
}

CASE(numbers_socket)
{
    struct sockaddr name = {AF_UNIX, "fdtrc-row"};
    name.sa_data[0] = '\0';
    int server = kept("socket", syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int client = kept("socket", syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
    MUST(syscall(SYS_bind, server, &name, 11) == 0 && listen(server, 1) == 0);
    puts("'unix:@dtrc-row'");
    MUST(syscall(SYS_connect, client, &name, 11) == 0);
    kept("accept4", syscall(SYS_accept4, server, NULL, NULL, SOCK_CLOEXEC));
}

CASE(numbers_message)
{
    int pair[2], value;
    socklen_t length = sizeof value;
    union {
        struct cmsghdr part;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control = {.part = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(2 * sizeof(int))}};
    memcpy(CMSG_DATA(&control.part), (int[]){1, 2}, 2 * sizeof(int));
    struct iovec data = {bytes, 1};
    struct msghdr message = {NULL, 0, &data, 1, &control, sizeof control, 0};
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(syscall(SYS_sendmsg, pair[0], &message, 0) == 1);
    MUST(syscall(SYS_recvmsg, pair[1], &message, MSG_CMSG_CLOEXEC) == 1);
    puts("opened by recvmsg and still open");
    if (syscall(SYS_getsockopt, pair[0], SOL_SOCKET, SO_PEERPIDFD, &value, &length) == 0)
        kept("getsockopt", value);
    MUST(write(pair[0], "ab", 2) == 2 && syscall(SYS_read, pair[1], bytes, 1) == 1);
    MUST(syscall(SYS_readv, pair[1], &data, 1) == 1);
}

CASE(numbers_exec)
{
    char *words[] = {"true", NULL};
    int status;
    MUST(syscall(SYS_execve, "/nowhere", words, environ) == -1 && errno == ENOENT);
    pid_t child = fork();
    if (child == 0)
        _exit((int)syscall(SYS_execveat, AT_FDCWD, "/bin/true", words, environ, 0));
    MUST(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}
