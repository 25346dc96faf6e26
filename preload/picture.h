/*
 * The picture: what the table told of the low numbers just before a fork.
 *
 * A forked child learns what it inherited from its parent's table, which lies in memory they share, while the parent runs on: a
 * server that closes its end and opens the next thing at once has the number in use again before the child looks. So the
 * parent copies what is open first, into memory that the fork copies with everything else.
 */
#ifndef FDTRACE_PICTURE_H
#define FDTRACE_PICTURE_H

#include "fdtrace/segment.h"

#include <stdbool.h>

/* The first so many numbers are in the picture: the kernel gives the lowest again first. */
enum { PICTURE_MOST = 96 };

/*
 * In the parent, before a fork that it calls at fork_ns. A tenth of a microsecond a descriptor, no system call, no lock; of
 * two threads that fork at once one goes without. Also from signal handlers.
 */
void picture_take(uint64_t fork_ns);
/*
 * In the child of that fork: the lifetime that fd had, without its name (it is too long for every process to keep room for), and
 * its state; slot is the parent's now. False when the picture does not hold it, or the lifetime may have ended before the fork.
 */
bool picture_find(int fd, uint64_t fork_ns, const struct fdt_slot *slot, struct fdt_life *life, uint64_t *state);
/* In the child, when it has its own table: another thread's fork is none of its business. */
void picture_forked(void);

#endif
