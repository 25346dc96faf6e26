/*
 * Kinds: what the kernel object behind a path or a descriptor is, from what stat and /proc say about it.
 *
 * The guest asks the same question about its own descriptors (preload/kernel_kind.c); here it is asked from outside.
 */
#ifndef FDTRACE_KIND_H
#define FDTRACE_KIND_H

#include "fdtrace/segment.h"

#include <sys/stat.h>

/*
 * What an open of path gives. FDT_FILE when it is gone or cannot be asked, and for a path whose meaning is private to
 * the process that opened it: /dev/stdin, /dev/fd/N and /proc/self/fd/N.
 */
enum fdt_kind kind_of_path(const char *path);

/* What mode and device number alone tell. A socket is FDT_SOCKET_OTHER: its family is not in them. */
enum fdt_kind kind_of_stat(const struct stat *status);

/* A descriptor, from the text of its /proc/PID/fd link and the stat of what lies behind it (NULL: not permitted). */
enum fdt_kind kind_of_link(const char *link, const struct stat *status);

#endif
