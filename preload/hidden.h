/*
 * Hidden descriptors: libc opens them inside itself, where no wrapper sits, and keeps them (include/fdtrace/hidden.def). They
 * are in no table; when somebody is about to close a number whose birth nobody saw, the kernel is asked what it is.
 */
#ifndef FDTRACE_HIDDEN_H
#define FDTRACE_HIDDEN_H

#include "fdtrace/segment.h"

#include <stdbool.h>

/* Numbers are given from the lowest up, so libc's lie among those that were recorded, or just above. */
enum { HIDDEN_ABOVE = 16 };

/* May what has this word and life be libc's? Only what nobody saw being born; a forked child has inherited it. */
bool hidden_may_be(uint64_t word, const struct fdt_life *life);

/*
 * Asks: is the open number fd libc's? life becomes what is known of it: kind, owner, name. One system call where the number
 * is free, up to three more where it is not; none, and false, under a seccomp filter. Async-signal-safe.
 */
bool hidden_ask(int fd, struct fdt_life *life);

/* Is this a path of those files? */
bool hidden_file(const char *path);

#endif
