/* See kind.h. */
#include "kind.h"

#include <string.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

/* Magic numbers of file systems, from linux/magic.h; mqueue's is in ipc/mqueue.c alone, pidfs is newer than our headers. */
#define MQUEUE_MAGIC 0x19800202L
#define NSFS_MAGIC   0x6e736673L
#define PIDFS_MAGIC  0x50494446L

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Documentation/admin-guide/devices.txt: 4 and 5 are terminals, 5:2 is ptmx, 136 to 143 are pty slaves. */
static enum fdt_kind kind_of_chardev(dev_t device)
{
    unsigned number = major(device);
    if (number == 5 && minor(device) == 2)
        return FDT_PTY_MASTER;
    return number == 4 || number == 5 || (number >= 136 && number <= 143) ? FDT_TTY : FDT_CHARDEV;
}

enum fdt_kind kind_of_stat(mode_t mode, dev_t device)
{
    switch (mode & S_IFMT) {
    case S_IFREG:  return FDT_FILE;
    case S_IFDIR:  return FDT_DIR;
    case S_IFCHR:  return kind_of_chardev(device);
    case S_IFBLK:  return FDT_BLOCKDEV;
    case S_IFIFO:  return FDT_FIFO;
    case S_IFSOCK: return FDT_SOCKET_OTHER;
    default:       return FDT_OTHER;
    }
}

static enum fdt_kind kind_of_file(long file_system)
{
    switch (file_system) {
    case MQUEUE_MAGIC: return FDT_MQUEUE;
    case NSFS_MAGIC:   return FDT_NAMESPACE;
    case PIDFS_MAGIC:  return FDT_PIDFD;
    default:           return FDT_FILE;
    }
}

/* Names that lead to the descriptors of whoever asks: the answer would be about us. */
static bool is_private(const char *path)
{
    return begins(path, "/dev/fd/") || begins(path, "/dev/std") || begins(path, "/proc/self/fd/") ||
           begins(path, "/proc/thread-self/fd/");
}

enum fdt_kind kind_of_path(const char *path)
{
    struct stat status;
    struct statfs system;
    if (is_private(path) || stat(path, &status) != 0)
        return FDT_FILE;
    enum fdt_kind kind = kind_of_stat(status.st_mode, status.st_rdev);
    if (kind == FDT_SOCKET_OTHER)
        return FDT_OTHER; /* open(2) of a socket's path fails; with O_PATH it gives a place, not a socket */
    return kind == FDT_FILE && statfs(path, &system) == 0 ? kind_of_file((long)system.f_type) : kind;
}

/* What the kernel calls its objects that have no path; brackets come and go between its versions. */
static const struct { const char *prefix; enum fdt_kind kind; } anonymous[] = {
    {"eventpoll", FDT_EPOLL},        {"eventfd", FDT_EVENTFD},
    {"signalfd", FDT_SIGNALFD},      {"timerfd", FDT_TIMERFD},
    {"inotify", FDT_INOTIFY},        {"fanotify", FDT_FANOTIFY},
    {"pidfd", FDT_PIDFD},            {"userfaultfd", FDT_USERFAULTFD},
    {"perf_event", FDT_PERF},        {"bpf", FDT_BPF}, /* -map, -prog, _link, _iter, -token */
    {"btf", FDT_BPF},                {"io_uring", FDT_IO_URING},
    {"fscontext", FDT_MOUNT},        {"landlock", FDT_LANDLOCK},
    {"secretmem", FDT_MEMFD},
};

static const char *const namespaces[] = {"mnt", "net", "pid", "pid_for_children", "user", "uts", "ipc", "cgroup",
                                         "time", "time_for_children"};

static enum fdt_kind kind_of_anonymous(const char *words)
{
    words += words[0] == '[';
    for (size_t i = 0; i < sizeof(anonymous) / sizeof(anonymous[0]); i++)
        if (begins(words, anonymous[i].prefix))
            return anonymous[i].kind;
    return FDT_OTHER;
}

/* "TYPE:[INODE]" or "anon_inode:WORDS": what does not begin with a slash has no path. FDT_KIND_COUNT: nothing known. */
static enum fdt_kind kind_of_pathless(const char *link)
{
    size_t length = strcspn(link, ":");
    if (begins(link, "anon_inode:"))
        return kind_of_anonymous(link + strlen("anon_inode:"));
    if (begins(link, "pipe:"))
        return FDT_PIPE;
    if (begins(link, "pidfd:")) /* since Linux 6.9 */
        return FDT_PIDFD;
    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        if (strlen(namespaces[i]) == length && strncmp(link, namespaces[i], length) == 0)
            return FDT_NAMESPACE;
    return FDT_KIND_COUNT;
}

/* "/memfd:NAME (deleted)": a file of that name in the root directory would still have a link, or a name there. */
static bool is_memfd(const char *link, const struct stat *status)
{
    return (begins(link, "/memfd:") && status->st_nlink == 0) || strcmp(link, "/secretmem") == 0 ||
           strcmp(link, "/secretmem (deleted)") == 0;
}

enum fdt_kind kind_of_link(const char *link, const struct stat *status, long file_system)
{
    enum fdt_kind kind = link[0] != '/' ? kind_of_pathless(link) : FDT_KIND_COUNT;
    if (kind != FDT_KIND_COUNT)
        return kind;
    kind = kind_of_stat(status->st_mode, status->st_rdev);
    if (kind != FDT_FILE && kind != FDT_OTHER)
        return kind;
    if (is_memfd(link, status))
        return FDT_MEMFD;
    return kind == FDT_FILE ? kind_of_file(file_system) : kind;
}

enum fdt_kind kind_of_protocol(const char *protocol)
{
    static const char *const inet[] = {"TCP", "UDP", "UDP-Lite", "RAW", "PING", "MPTCP", "SCTP", "DCCP", "SMC", "L2TP/IP"};
    size_t length = strlen(protocol);
    bool six = length > 2 && strcmp(protocol + length - 2, "v6") == 0;
    if (begins(protocol, "UNIX"))
        return FDT_SOCKET_UNIX;
    if (strcmp(protocol, "NETLINK") == 0)
        return FDT_SOCKET_NETLINK;
    if (strcmp(protocol, "PACKET") == 0)
        return FDT_SOCKET_PACKET;
    if (six || strcmp(protocol, "UDPLITEv6") == 0 || strcmp(protocol, "SMC6") == 0)
        return FDT_SOCKET_INET6;
    for (size_t i = 0; i < sizeof(inet) / sizeof(inet[0]); i++)
        if (strcmp(inet[i], protocol) == 0)
            return FDT_SOCKET_INET;
    return FDT_SOCKET_OTHER;
}

static bool has_path(enum fdt_kind kind)
{
    return kind == FDT_FILE || kind == FDT_DIR || kind == FDT_CHARDEV || kind == FDT_BLOCKDEV || kind == FDT_FIFO ||
           kind == FDT_TTY || kind == FDT_PTY_MASTER || kind == FDT_NAMESPACE;
}

static bool is_socket(enum fdt_kind kind)
{
    return kind >= FDT_SOCKET_INET && kind <= FDT_SOCKET_OTHER;
}

bool kind_agrees(enum fdt_kind recorded, enum fdt_kind actual)
{
    if (recorded == actual || recorded == FDT_OTHER || actual == FDT_OTHER)
        return true;
    switch (recorded) {
    case FDT_UNASKED: /* /proc/PID/fd/N and /dev/fd/N open what lies behind them, and a memfd or pidfd has such a path */
        return has_path(actual) || actual == FDT_PIPE || actual == FDT_MEMFD || actual == FDT_MQUEUE ||
               actual == FDT_PIDFD || actual == FDT_SHM;
    case FDT_FIFO:
    case FDT_PIPE:
        return actual == FDT_PIPE || actual == FDT_FIFO;
    case FDT_SHM:
    case FDT_MQUEUE:
    case FDT_MEMFD:
        return actual == FDT_FILE;
    case FDT_MOUNT: /* a detached tree looks like the directory or file it begins with */
        return has_path(actual);
    case FDT_SOCKET_INET6: /* IPV6_ADDRFORM turns one into the other, ipv6(7) */
        return actual == FDT_SOCKET_INET || actual == FDT_SOCKET_OTHER;
    default:
        return is_socket(recorded) && (actual == FDT_SOCKET_OTHER || recorded == FDT_SOCKET_OTHER) && is_socket(actual);
    }
}
