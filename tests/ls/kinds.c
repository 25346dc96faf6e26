/*
 * LIBS: -lrt
 * One descriptor of every kind that this machine and this user can make. The state is "any": the program runs bare and
 * traced. What cannot be made here is left out. Works in its current folder.
 */
#include "told.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

static void tell_if(long fd, const char *kind)
{
    if (fd >= 0)
        tell(fd, "any", kind);
}

static void with_paths(void)
{
    tell_if(open("/etc/hostname", O_RDONLY), "file");
    tell_if(open("/", O_RDONLY | O_DIRECTORY), "dir");
    tell_if(open("/dev/null", O_RDWR), "chardev");
    tell_if(open("/dev/loop0", O_RDONLY), "blockdev");
    tell_if(mkfifo("fifo", 0600) == 0 ? open("fifo", O_RDWR) : -1, "fifo");
    tell_if(open("/proc/self/ns/mnt", O_RDONLY), "namespace");
    tell_if(open("/dev/fd/0", O_RDONLY | O_PATH), "pipe"); /* standard input is the test's pipe */
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    tell_if(master, "pty-master");
    if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
        tell_if(open(ptsname(master), O_RDWR | O_NOCTTY), "tty");
}

static void sockets(void)
{
    tell_if(socket(AF_INET, SOCK_STREAM, 0), "socket-inet");
    tell_if(socket(AF_INET, SOCK_DGRAM, 0), "socket-inet");
    tell_if(socket(AF_INET6, SOCK_STREAM, 0), "socket-inet6");
    tell_if(socket(AF_UNIX, SOCK_STREAM, 0), "socket-unix");
    tell_if(socket(AF_UNIX, SOCK_DGRAM, 0), "socket-unix");
    tell_if(socket(AF_NETLINK, SOCK_RAW, 0), "socket-netlink");
    tell_if(socket(AF_PACKET, SOCK_RAW, 0), "socket-packet");
    tell_if(socket(AF_VSOCK, SOCK_STREAM, 0), "socket-other");
}

static void events(void)
{
    sigset_t signals;
    int ends[2];
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    tell_if(epoll_create1(0), "epoll");
    tell_if(eventfd(0, EFD_CLOEXEC), "eventfd");
    tell_if(signalfd(-1, &signals, 0), "signalfd");
    tell_if(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd");
    tell_if(inotify_init1(0), "inotify");
    tell_if(fanotify_init(FAN_CLASS_NOTIF, O_RDONLY), "fanotify");
    tell_if(pidfd_open(getpid(), 0), "pidfd");
    if (pipe(ends) == 0) {
        tell_if(ends[0], "pipe");
        tell_if(ends[1], "pipe");
    }
}

static void memory(const char *shm_kind)
{
    char name[64];
    snprintf(name, sizeof(name), "/fdtrace-test-%d", (int)getpid());
    tell_if(memfd_create("anything (deleted)", 0), "memfd");
    int shm = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    tell_if(shm, shm_kind);
    if (shm >= 0)
        shm_unlink(name);
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
    tell_if(queue, "mqueue");
    if (queue >= 0)
        mq_unlink(name);
}

static void by_number(void)
{
    struct io_uring_params ring = {0};
    struct perf_event_attr counter = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(counter),
                                      .config = PERF_COUNT_SW_CPU_CLOCK, .exclude_kernel = 1};
    union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
    tell_if(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */), "userfaultfd");
    tell_if(syscall(SYS_perf_event_open, &counter, 0, -1, -1, 0), "perf");
    tell_if(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)), "bpf");
    tell_if(syscall(SYS_io_uring_setup, 1, &ring), "io-uring");
    tell_if(syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0), "landlock");
    tell_if(syscall(SYS_fsopen, "tmpfs", 0), "mount");
}

int main(int argc, char **argv)
{
    (void)argv;
    with_paths();
    sockets();
    events();
    memory(argc > 1 ? "shm" : "file"); /* only a trace knows that it was shm_open */
    by_number();
    wait_for_the_end();
    return 0;
}
