/*
 * What a descriptor is, from what the kernel says of it: its file type, its device number, its link in /proc/PID/fd and
 * the magic number of its file system. Nothing here opens anything.
 */
#ifndef FDTRACE_KIND_H
#define FDTRACE_KIND_H

#include "fdtrace/segment.h"

#include <stdbool.h>
#include <sys/stat.h>

/*
 * By type and device number alone, as for something that has a path. Sockets are FDT_SOCKET_OTHER, since stat does not
 * tell their family; FDT_OTHER for a type nobody knows.
 */
enum fdt_kind kind_of_stat(mode_t mode, dev_t device);

/*
 * What an open of path gives. FDT_FILE when it is gone or cannot be asked, and for a path whose meaning is private to
 * the process that opened it: /dev/stdin, /dev/fd/N and /proc/self/fd/N.
 */
enum fdt_kind kind_of_path(const char *path);

/*
 * The object a descriptor refers to: link as read from /proc/PID/fd/N, status and file system (statfs.f_type) as asked
 * through it. Sockets are FDT_SOCKET_OTHER.
 */
enum fdt_kind kind_of_link(const char *link, const struct stat *status, long file_system);

/* By the name of a socket's protocol ("TCP", "UDPv6", "UNIX-STREAM"), as the attribute system.sockprotoname has it. */
enum fdt_kind kind_of_protocol(const char *protocol);

/* Can a lifetime that was recorded as one kind be what the kernel calls the other? False is proof that it is not. */
bool kind_agrees(enum fdt_kind recorded, enum fdt_kind actual);

#endif
