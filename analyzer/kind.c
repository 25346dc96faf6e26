/* What the kernel object behind a path or a descriptor is. See kind.h. */
#include "kind.h"

#include <stdbool.h>
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

enum fdt_kind kind_of_stat(const struct stat *status)
{
    switch (status->st_mode & S_IFMT) {
    case S_IFREG:  return FDT_FILE;
    case S_IFDIR:  return FDT_DIR;
    case S_IFCHR:  return kind_of_chardev(status->st_rdev);
    case S_IFBLK:  return FDT_BLOCKDEV;
    case S_IFIFO:  return FDT_FIFO;
    case S_IFSOCK: return FDT_SOCKET_OTHER;
    default:       return FDT_OTHER; /* a symbolic link opened with O_PATH, or an anonymous inode: no type at all */
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
    if (is_private(path) || stat(path, &status) != 0)
        return FDT_FILE;
    enum fdt_kind kind = kind_of_stat(&status);
    if (kind == FDT_SOCKET_OTHER)
        return FDT_OTHER; /* open(2) of a socket's path fails; with O_PATH it gives a place, not a socket */
    struct statfs system;
    if (kind != FDT_FILE || statfs(path, &system) != 0)
        return kind;
    switch ((long)system.f_type) {
    case MQUEUE_MAGIC: return FDT_MQUEUE;
    case NSFS_MAGIC:   return FDT_NAMESPACE;
    case PIDFS_MAGIC:  return FDT_PIDFD;
    default:           return FDT_FILE;
    }
}

/* "mnt:[4026531841]": a name of nsfs. A path begins with '/', so no file can look like one. */
static bool is_namespace(const char *link)
{
    static const char *const types[] = {"mnt:[", "net:[", "pid:[", "user:[", "uts:[", "ipc:[", "cgroup:[", "time:["};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (begins(link, types[i]))
            return true;
    return false;
}

/* The names the kernel gives anon_inode_getfd and its kin, as linux/fs/ and linux/kernel/ spell them. */
static enum fdt_kind kind_of_anonymous(const char *name)
{
    static const struct { const char *prefix; enum fdt_kind kind; } known[] = {
        {"[eventpoll]", FDT_EPOLL},      {"[eventfd", FDT_EVENTFD},     {"[signalfd", FDT_SIGNALFD},
        {"[timerfd", FDT_TIMERFD},       {"inotify", FDT_INOTIFY},      {"[inotify", FDT_INOTIFY},
        {"[fanotify", FDT_FANOTIFY},     {"[pidfd", FDT_PIDFD},         {"[userfaultfd", FDT_USERFAULTFD},
        {"[perf_event", FDT_PERF},       {"bpf", FDT_BPF},              {"[bpf", FDT_BPF},
        {"btf", FDT_BPF},                {"[btf", FDT_BPF},             {"[io_uring", FDT_IO_URING},
        {"[fscontext", FDT_MOUNT},       {"fscontext", FDT_MOUNT},      {"[landlock", FDT_LANDLOCK},
        {"landlock", FDT_LANDLOCK},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (begins(name, known[i].prefix))
            return known[i].kind;
    return FDT_OTHER;
}

/* "/memfd:NAME (deleted)": a file of that name in the root directory would still have a link, or a name there. */
static bool is_memfd(const char *link, const struct stat *status)
{
    bool unlinked = status == NULL || status->st_nlink == 0;
    return (begins(link, "/memfd:") && unlinked) || strcmp(link, "/secretmem") == 0 ||
           strcmp(link, "/secretmem (deleted)") == 0;
}

enum fdt_kind kind_of_link(const char *link, const struct stat *status)
{
    static const char anonymous[] = "anon_inode:";
    if (begins(link, anonymous))
        return kind_of_anonymous(link + strlen(anonymous));
    if (begins(link, "pipe:["))
        return FDT_PIPE;
    if (begins(link, "socket:["))
        return FDT_SOCKET_OTHER;
    if (begins(link, "pidfd:"))
        return FDT_PIDFD;
    if (is_namespace(link))
        return FDT_NAMESPACE;
    if (is_memfd(link, status))
        return FDT_MEMFD;
    enum fdt_kind kind = status == NULL ? FDT_FILE : kind_of_stat(status);
    return kind == FDT_SOCKET_OTHER ? FDT_OTHER : kind; /* a socket's path, opened with O_PATH */
}
