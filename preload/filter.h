/*
 * Seccomp. A filter the program puts on itself may kill it for a system call it never makes, and ours would be such: the
 * growth of the segment, the questions asked at the end. So we must hear of a filter before it falls. syscall() is ours
 * (wrap_raw.c); prctl is no descriptor function, and we export nothing else, so the objects that import it are given our
 * watcher in place of libc's function, in their own import tables.
 */
#ifndef FDTRACE_FILTER_H
#define FDTRACE_FILTER_H

#include <stdbool.h>

/* Puts the watcher into the import tables of the objects loaded so far. During start. */
void filter_watch(void);
/* May a filter be in force? Then no system calls of ours any more. False without a record, too. */
bool filter_known(void);

#endif
