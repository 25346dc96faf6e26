/*
 * Seccomp. A filter the program has put on itself may kill it for a system call it never makes, and ours would be such.
 * Filters installed through syscall() pass our wrapper (process_filtered); prctl does not, because it is no descriptor
 * function and we export nothing else. So before the first system call after start-up we look whether any loaded object
 * could have called prctl at all.
 */
#ifndef FDTRACE_FILTER_H
#define FDTRACE_FILTER_H

#include <stdbool.h>

/* True when a filter is known, or cannot be excluded. Makes no system call. Not async-signal-safe (walks loaded objects). */
bool filter_possible(void);
/* True when a filter is known for certain. */
bool filter_known(void);

#endif
