/* Questions about the file behind one live descriptor. See live.h. */
#include "live/live.h"

#include "path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_libc_file(const char *name)
{
    static const char *const names[] = {
#define FDT_HIDDEN_FILE(path) path,
#define FDT_HIDDEN_SOCKET(address, owner)
#include "fdtrace/hidden.def"
#undef FDT_HIDDEN_FILE
#undef FDT_HIDDEN_SOCKET
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/*
 * The address a UNIX socket is connected to; /proc does not tell. pidfd_getfd (Linux 5.6) lends us the socket for a
 * moment, where we may trace the process; "" otherwise.
 */
static struct sockaddr_un peer_of(int pid, int fd)
{
    struct sockaddr_un peer = {.sun_family = AF_UNIX}, asked = {0};
    socklen_t size = sizeof(asked) - 1; /* so that a path always ends with NUL */
    int process = pidfd_open(pid, 0);
    int copy = process >= 0 ? pidfd_getfd(process, fd, 0) : -1;
    if (copy >= 0 && getpeername(copy, (struct sockaddr *)&asked, &size) == 0 && size > sizeof(asked.sun_family))
        peer = asked;
    if (copy >= 0)
        close(copy);
    if (process >= 0)
        close(process);
    return peer;
}

/* syslog(3) keeps a datagram socket, nscd's clients a stream. */
static bool is_libc_socket(const struct live *live, const struct live_descriptor *descriptor)
{
    static const char *const paths[] = {
#define FDT_HIDDEN_FILE(path)
#define FDT_HIDDEN_SOCKET(address, owner) address,
#include "fdtrace/hidden.def"
#undef FDT_HIDDEN_FILE
#undef FDT_HIDDEN_SOCKET
    };
    struct sockaddr_un peer = peer_of(live->pid, descriptor->fd);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (strcmp(peer.sun_path, paths[i]) == 0)
            return true;
    return false;
}

bool live_is_libc(const struct live *live, const struct live_descriptor *descriptor)
{
    if ((descriptor->flags & O_CLOEXEC) == 0) /* all of libc's own are */
        return false;
    switch (descriptor->kind) {
    case FDT_FILE:        return is_libc_file(descriptor->name);
    case FDT_SOCKET_UNIX: return is_libc_socket(live, descriptor);
    default:              return false;
    }
}

/*
 * Is a change of a file surely older than a moment? Timestamps are taken from a clock that ticks every 10 ms at
 * worst, so they lag; and file systems that keep whole seconds may round them down to even ones (FAT).
 */
static bool is_older(struct statx_timestamp change, double moment)
{
    double lag = change.tv_nsec == 0 ? 2.02 : 0.02;
    return (double)change.tv_sec + (double)change.tv_nsec / 1e9 + lag < moment;
}

/* A path as the process resolves it, whatever its root is. -1: gone, not permitted, or a kernel before 5.6. */
static int open_in_root(int root, const char *path, uint64_t flags)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/*
 * Has no name on the way been pointed elsewhere since? Whoever renames or makes a file or a symbolic link moves its
 * ctime. Folders are passed over: every file made in one moves theirs.
 */
static bool is_unmoved(int root, const char *path, double born)
{
    char prefix[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(prefix))
        return false;
    for (size_t end = 1; end <= length; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        struct statx status;
        memcpy(prefix, path, end);
        prefix[end] = '\0';
        int fd = open_in_root(root, prefix, O_NOFOLLOW);
        bool known = fd >= 0 && statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_CTIME, &status) == 0;
        if (fd >= 0)
            close(fd);
        if (!known || (!S_ISDIR(status.stx_mode) && !is_older(status.stx_ctime, born)))
            return false;
    }
    return true;
}

/* Names whose meaning depends on who opens them, or whose files are made up anew each time. */
static bool is_volatile(const char *path)
{
    static const char *const prefixes[] = {"/proc/",  "/sys/",     "/dev/fd",   "/dev/std",
                                           "/dev/ptmx", "/dev/pts/", "/dev/tty"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* The file at path now: another one than the descriptor's, and unchanged since before `born`? */
static bool is_other_and_older(int root, const char *path, const struct live_descriptor *descriptor, double born)
{
    struct statx status;
    int fd = open_in_root(root, path, 0);
    bool known = fd >= 0 && statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_CTIME, &status) == 0;
    if (fd >= 0)
        close(fd);
    return known && is_older(status.stx_ctime, born) &&
           (status.stx_ino != descriptor->inode ||
            makedev(status.stx_dev_major, status.stx_dev_minor) != descriptor->device);
}

bool live_is_other_file(const struct live *live, const struct live_descriptor *descriptor, const char *path,
                        double born)
{
    char place[32];
    /* The same last name: more likely a folder that moved than another file. */
    if (path[0] != '/' || descriptor->inode == 0 || is_volatile(path) ||
        strcmp(path_last(path), path_last(descriptor->name)) == 0)
        return false;
    snprintf(place, sizeof(place), "/proc/%d/root", live->pid);
    int root = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool other = root >= 0 && is_other_and_older(root, path, descriptor, born) && is_unmoved(root, path, born);
    if (root >= 0)
        close(root);
    return other;
}
