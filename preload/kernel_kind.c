/* What the kernel says a descriptor is: for numbers whose birth was not seen, for races, and for verification. */
#include "table.h"

#include "family.h"
#include "process.h"
#include "raw.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

static enum fdt_kind kind_of_socket(int fd)
{
    int domain = 0;
    unsigned size = sizeof(domain);
    if (raw(getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0)
        return FDT_SOCKET_OTHER;
    return socket_kind(domain);
}

/* Documentation/admin-guide/devices.txt: 4 and 5 are terminals, 5:2 is ptmx, 136 to 143 are pty slaves. */
static enum fdt_kind kind_of_chardev(dev_t device)
{
    unsigned major_number = major(device);
    if (major_number == 5 && minor(device) == 2)
        return FDT_PTY_MASTER;
    return major_number == 4 || major_number == 5 || (major_number >= 136 && major_number <= 143) ? FDT_TTY : FDT_CHARDEV;
}

/* Objects without a type in st_mode are told apart by their link: "anon_inode:[eventpoll]", "pidfd:[123]", "mnt:[...]". */
static enum fdt_kind kind_of_link(const char *link)
{
    static const struct { const char *prefix; enum fdt_kind kind; } known[] = {
        {"anon_inode:[eventpoll]", FDT_EPOLL},   {"anon_inode:[eventfd", FDT_EVENTFD},
        {"anon_inode:[signalfd", FDT_SIGNALFD},  {"anon_inode:[timerfd", FDT_TIMERFD},
        {"anon_inode:inotify", FDT_INOTIFY},     {"anon_inode:[fanotify", FDT_FANOTIFY},
        {"anon_inode:[pidfd", FDT_PIDFD},        {"pidfd:", FDT_PIDFD},
        {"anon_inode:[userfaultfd", FDT_USERFAULTFD}, {"anon_inode:[perf_event", FDT_PERF},
        {"anon_inode:bpf", FDT_BPF},             {"anon_inode:btf", FDT_BPF},
        {"anon_inode:[io_uring", FDT_IO_URING},  {"anon_inode:[fscontext", FDT_MOUNT},
        {"anon_inode:[landlock", FDT_LANDLOCK},  {"anon_inode:", FDT_OTHER},
        {"/memfd:", FDT_MEMFD},                  {"/secretmem", FDT_MEMFD},
        {"mnt:[", FDT_NAMESPACE},                {"net:[", FDT_NAMESPACE},
        {"pid:[", FDT_NAMESPACE},                {"user:[", FDT_NAMESPACE},
        {"uts:[", FDT_NAMESPACE},                {"ipc:[", FDT_NAMESPACE},
        {"cgroup:[", FDT_NAMESPACE},             {"time:[", FDT_NAMESPACE},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(link, known[i].prefix, strlen(known[i].prefix)) == 0)
            return known[i].kind;
    return FDT_KIND_COUNT;
}

static enum fdt_kind kind_by_link(int fd, enum fdt_kind otherwise)
{
    char path[40], link[64], digits[12];
    size_t length = strlen(strcpy(path, process_fd_folder())), count = 0;
    do
        digits[count++] = (char)('0' + fd % 10);
    while ((fd /= 10) != 0);
    while (count > 0)
        path[length++] = digits[--count];
    path[length] = '\0';
    long size = raw(readlinkat, AT_FDCWD, path, link, sizeof(link) - 1);
    if (size <= 0)
        return otherwise;
    link[size] = '\0';
    enum fdt_kind kind = kind_of_link(link);
    return kind == FDT_KIND_COUNT ? otherwise : kind;
}

enum fdt_kind table_kernel_kind(int fd)
{
    struct stat status;
    if (raw_stat_fd(fd, &status) != 0)
        return FDT_KIND_COUNT;
    switch (status.st_mode & S_IFMT) {
    case S_IFREG:  return kind_by_link(fd, FDT_FILE); /* memfd, namespaces, pidfd since 6.9 */
    case S_IFDIR:  return FDT_DIR;
    case S_IFCHR:  return kind_of_chardev(status.st_rdev);
    case S_IFBLK:  return FDT_BLOCKDEV;
    case S_IFIFO:  return FDT_PIPE;
    case S_IFSOCK: return kind_of_socket(fd);
    default:       return kind_by_link(fd, FDT_KIND_COUNT);
    }
}

bool table_kind_agrees(enum fdt_kind recorded, enum fdt_kind actual)
{
    if (recorded == actual || actual == FDT_KIND_COUNT || recorded == FDT_OTHER)
        return true;
    switch (recorded) {
    case FDT_UNASKED: /* anything that has a path: no socket, and no anonymous inode (open(2) of those fails) */
        return actual < FDT_SOCKET_INET || actual == FDT_TTY || actual == FDT_PTY_MASTER || actual == FDT_NAMESPACE ||
               actual == FDT_MEMFD || actual == FDT_PIDFD;
    case FDT_FIFO:
        return actual == FDT_PIPE; /* S_IFIFO both */
    case FDT_FILE:
        return false;
    case FDT_SHM:
    case FDT_MQUEUE:
        return actual == FDT_FILE;
    case FDT_MOUNT:
        return actual == FDT_DIR || actual == FDT_FILE || actual == FDT_OTHER; /* a detached tree */
    case FDT_MEMFD:
        return actual == FDT_FILE; /* without /proc the link is not to be had */
    default:
        return actual == FDT_OTHER;
    }
}
