/* Kinds: what the kernel says of a descriptor, told by its link and its type. Each row makes a real one. */
#include "kind.h"
#include "model.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The kind of one of our own descriptors, which is closed. FDT_KIND_COUNT: this machine gives no such descriptor. */
static enum fdt_kind kind_of_fd(int fd)
{
    char path[64], link[256];
    struct stat status;
    struct statfs system;
    if (fd < 0)
        return FDT_KIND_COUNT;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, link, sizeof(link) - 1);
    cr_assert(length > 0 && fstat(fd, &status) == 0);
    link[length] = '\0';
    enum fdt_kind kind = kind_of_link(link, &status, statfs(path, &system) == 0 ? (long)system.f_type : 0);
    close(fd);
    return kind;
}

static int signal_descriptor(void)
{
    sigset_t none;
    sigemptyset(&none);
    return signalfd(-1, &none, SFD_CLOEXEC);
}

static int pipe_end(void)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    close(ends[1]);
    return ends[0];
}

static int message_queue(void)
{
    char name[64];
    snprintf(name, sizeof(name), "/fdtrace-test-%d", (int)getpid());
    int queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
    mq_unlink(name);
    return queue;
}

static int pty_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        return -1;
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    close(master);
    return terminal;
}

Test(kind, of_every_object_this_machine_gives)
{
    const struct { enum fdt_kind expected; int fd; } rows[] = {
        {FDT_FILE, open("/etc/passwd", O_RDONLY | O_CLOEXEC)},
        {FDT_FILE, open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)},
        {FDT_DIR, open("/", O_RDONLY | O_CLOEXEC)},
        {FDT_CHARDEV, open("/dev/null", O_RDONLY | O_CLOEXEC)},
        {FDT_PIPE, pipe_end()},
        {FDT_SOCKET_OTHER, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)},
        {FDT_EPOLL, epoll_create1(EPOLL_CLOEXEC)},
        {FDT_EVENTFD, eventfd(0, EFD_CLOEXEC)},
        {FDT_SIGNALFD, signal_descriptor()},
        {FDT_TIMERFD, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)},
        {FDT_INOTIFY, inotify_init1(IN_CLOEXEC)},
        {FDT_MEMFD, memfd_create("any name", MFD_CLOEXEC)},
        {FDT_MQUEUE, message_queue()},
        {FDT_PTY_MASTER, posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)},
        {FDT_TTY, pty_terminal()},
        {FDT_PIDFD, pidfd_open(getpid(), 0)},
        {FDT_NAMESPACE, open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum fdt_kind kind = kind_of_fd(rows[i].fd);
        cr_expect(kind == rows[i].expected || kind == FDT_KIND_COUNT, "row %zu is called %s, not %s", i,
                  kind_name(kind), kind_name(rows[i].expected));
    }
}

/* Objects that take rights or a kernel to make; the names are the kernel's (fs/, kernel/ of Linux 6.x and before). */
Test(kind, of_objects_known_by_name_alone)
{
    static const struct { const char *link; enum fdt_kind expected; } rows[] = {
        {"anon_inode:[fanotify]", FDT_FANOTIFY}, {"anon_inode:[userfaultfd]", FDT_USERFAULTFD},
        {"anon_inode:[perf_event]", FDT_PERF},   {"anon_inode:bpf-map", FDT_BPF},
        {"anon_inode:bpf_link", FDT_BPF},        {"anon_inode:btf", FDT_BPF},
        {"anon_inode:[io_uring]", FDT_IO_URING}, {"anon_inode:[fscontext]", FDT_MOUNT},
        {"anon_inode:landlock-ruleset", FDT_LANDLOCK}, {"anon_inode:[pidfd]", FDT_PIDFD},
        {"anon_inode:inotify", FDT_INOTIFY},     {"anon_inode:kvm-vm", FDT_OTHER},
        {"anon_inode:", FDT_OTHER},              {"net:[4026531840]", FDT_NAMESPACE},
        {"time_for_children:[1]", FDT_NAMESPACE}, {"", FDT_OTHER},
    };
    struct stat status = {.st_mode = 0600, .st_nlink = 1};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(kind_of_link(rows[i].link, &status, 0), rows[i].expected, "'%s'", rows[i].link);
}

/* A file may be given any name; only what the kernel makes nameless is told by it. */
Test(kind, a_name_does_not_make_an_object)
{
    struct stat status = {.st_mode = S_IFREG | 0600, .st_nlink = 1};
    static const char *const names[] = {"/memfd:mine", "/anon_inode:[eventpoll]", "/pipe:[1]", "/srv/secretmem"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cr_expect_eq(kind_of_link(names[i], &status, 0), FDT_FILE, "%s", names[i]);
    status.st_mode = S_IFIFO | 0600;
    cr_expect_eq(kind_of_link("/srv/queue", &status, 0), FDT_FIFO);
    cr_expect_eq(kind_of_link("pipe:[7]", &status, 0), FDT_PIPE);
}

static enum fdt_kind family_of(int fd)
{
    char path[64], protocol[64] = "";
    if (fd < 0)
        return FDT_KIND_COUNT;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ssize_t length = getxattr(path, "system.sockprotoname", protocol, sizeof(protocol) - 1);
    close(fd);
    return length > 0 ? kind_of_protocol(protocol) : FDT_KIND_COUNT;
}

Test(kind, of_sockets_by_their_protocol)
{
    static const struct { int family, type; enum fdt_kind expected; } rows[] = {
        {AF_INET, SOCK_STREAM, FDT_SOCKET_INET},   {AF_INET, SOCK_DGRAM, FDT_SOCKET_INET},
        {AF_INET6, SOCK_STREAM, FDT_SOCKET_INET6}, {AF_INET6, SOCK_DGRAM, FDT_SOCKET_INET6},
        {AF_UNIX, SOCK_STREAM, FDT_SOCKET_UNIX},   {AF_UNIX, SOCK_DGRAM, FDT_SOCKET_UNIX},
        {AF_NETLINK, SOCK_RAW, FDT_SOCKET_NETLINK}, {AF_PACKET, SOCK_RAW, FDT_SOCKET_PACKET},
        {AF_VSOCK, SOCK_STREAM, FDT_SOCKET_OTHER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum fdt_kind kind = family_of(socket(rows[i].family, rows[i].type | SOCK_CLOEXEC, 0));
        cr_expect(kind == rows[i].expected || kind == FDT_KIND_COUNT, "row %zu is called %s", i, kind_name(kind));
    }
}

Test(kind, of_paths)
{
    cr_expect_eq(kind_of_path("/etc/passwd"), FDT_FILE);
    cr_expect_eq(kind_of_path("/etc"), FDT_DIR);
    cr_expect_eq(kind_of_path("/dev/null"), FDT_CHARDEV);
    cr_expect_eq(kind_of_path("/dev/ptmx"), FDT_PTY_MASTER);
    cr_expect_eq(kind_of_path("/proc/self/ns/net"), FDT_NAMESPACE);
    cr_expect_eq(kind_of_path("/nowhere/at/all"), FDT_FILE);
    cr_expect_eq(kind_of_path("/dev/stdin"), FDT_FILE, "whose standard input? not ours");
}

Test(kind, a_record_is_contradicted_only_by_proof)
{
    static const struct { enum fdt_kind recorded, actual; bool agrees; } rows[] = {
        {FDT_FILE, FDT_FILE, true},          {FDT_FILE, FDT_SOCKET_INET, false}, {FDT_FILE, FDT_EPOLL, false},
        {FDT_UNASKED, FDT_DIR, true},        {FDT_UNASKED, FDT_PIPE, true},      {FDT_UNASKED, FDT_EVENTFD, false},
        {FDT_UNASKED, FDT_SOCKET_UNIX, false}, {FDT_FIFO, FDT_PIPE, true},       {FDT_SHM, FDT_FILE, true},
        {FDT_SHM, FDT_PIPE, false},          {FDT_MOUNT, FDT_DIR, true},         {FDT_OTHER, FDT_TIMERFD, true},
        {FDT_TIMERFD, FDT_OTHER, true},      {FDT_SOCKET_INET6, FDT_SOCKET_INET, true},
        {FDT_SOCKET_INET, FDT_SOCKET_INET6, false}, {FDT_SOCKET_INET, FDT_SOCKET_OTHER, true},
        {FDT_PIPE, FDT_SOCKET_OTHER, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(kind_agrees(rows[i].recorded, rows[i].actual), rows[i].agrees, "row %zu", i);
}
