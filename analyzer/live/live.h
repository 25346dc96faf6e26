/*
 * Live: what /proc says about a process that is running now.
 *
 * Nouns
 *   live             one look at one process. It was true when it was read; another look may differ.
 *   live descriptor  one entry of /proc/PID/fd. Its name is the kernel's: a path, an address, or "pipe:[123]".
 *   candidate        a file named *.fdt that the process maps: its recording, or one a parent left mapped.
 *
 * Everything here is text that other programs may have chosen, so nothing is printed raw and nothing is trusted to be
 * well formed. A descriptor that vanishes while it is read is left out: it is closed.
 */
#ifndef FDTRACE_LIVE_H
#define FDTRACE_LIVE_H

#include "fdtrace/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct live_descriptor {
    int fd;
    enum fdt_kind kind;
    char *name;            /* raw bytes; without the kernel's " (deleted)" */
    unsigned flags;        /* O_*, as fdinfo has them; O_CLOEXEC included  */
    bool deleted;          /* its name is gone                             */
    dev_t device;          /* device and inode are 0 when the file system did not answer */
    ino_t inode;
};

struct live {
    int pid;
    int inner_pid;         /* as the process sees itself, in its own pid namespace */
    uid_t uid;             /* effective */
    char *exe;             /* "" when there is none: a kernel thread */
    char *cwd;
    char **argv;           /* NULL-terminated */
    size_t argc;
    uint64_t soft, hard;   /* RLIMIT_NOFILE; UINT64_MAX: unlimited */
    struct live_descriptor *descriptors; /* by number */
    size_t count;
    char **candidates;     /* paths that open here */
    size_t candidate_count;
    bool library;          /* libfdtrace.so is loaded */
};

/*
 * Looks at process pid; the number of one of its threads stands for it. 0, or negative errno with one line in error:
 * -ESRCH for no such process (or one that ended meanwhile), -EACCES for one that is not ours to see.
 */
int live_read(struct live *live, int pid, char *error, size_t error_size);
void live_free(struct live *live);

/* The descriptor with that number, or NULL. */
const struct live_descriptor *live_find(const struct live *live, int fd);

/* Is it one that libc opens for itself and keeps: getpwent's file, syslog's socket? Told by the kernel object alone. */
bool live_is_libc(const struct live *live, const struct live_descriptor *descriptor);

/*
 * Is the file at path, as the process sees it, surely another than descriptor's, and was it there at `born` (seconds
 * since 1970) already? Then an open of path at that moment did not give this descriptor. False when that cannot be
 * shown.
 */
bool live_is_other_file(const struct live *live, const struct live_descriptor *descriptor, const char *path,
                        double born);

#endif
