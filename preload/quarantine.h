/*
 * Quarantine (option quarantine=N): the last N closed numbers above 2 stay occupied, so that nobody is given them, and a stale
 * close or use meets a closed number, not somebody else's file. It is told as double-close or use-after-close, where it happens.
 *
 * Nouns
 *   tombstone  what lies on a closed number: a copy of one descriptor of a memfd of ours opened with O_PATH, close-on-exec.
 *              In the table the number is dead, with FDT_TOMBSTONE. The kernel answers EBADF to most calls on O_PATH by itself.
 *   source     the descriptor tombstones are copied from, itself a tombstone, on a number out of the way.
 *   stand-in   a number nobody can have (QUARANTINE_NOBODY), which calls that O_PATH does not refuse are given instead: the
 *              kernel answers to it as to any closed number.
 *
 * What holds: 0 to 2 are never kept, so they go to whoever opens next. A number is told to be a tombstone only when table and
 * kernel agree. Nothing is closed but what the kernel says is a tombstone. A forked child closes those it was given. There are
 * fewer of them as the limit on descriptors comes nearer, and none near it. Under a seccomp filter there are none.
 *
 * System calls are made for closes, and for calls on dead numbers, while the option is on; it costs one test while it is off.
 * Everything here keeps errno unless said otherwise, takes no lock, and may be called from any thread and signal handler.
 */
#ifndef FDTRACE_QUARANTINE_H
#define FDTRACE_QUARANTINE_H

#include "hook.h"

#include <limits.h>

struct dying;
struct fdt_slot;

#define QUARANTINE_NOBODY INT_MAX /* fs.nr_open cannot reach so far */

extern bool quarantine_on;

/* At the start, and in a forked child, before the table is filled. */
void quarantine_start(void);
void quarantine_forked(void);
/* In the child: closes fd if it is one of the parent's tombstones. */
bool quarantine_discards(int fd);
/* Gives back everything: from now on no system calls of ours are allowed; or they are, after all. */
void quarantine_end(void);
void quarantine_resume(void);

/* Is there a tombstone on fd? One or two system calls. The first asks the table, too. */
bool quarantine_holds(int fd);
bool quarantine_is_tombstone(int fd);
/* fd, or QUARANTINE_NOBODY when it is a tombstone. */
static inline int quarantine_stand_in(int fd)
{
    return UNLIKELY(quarantine_on) && quarantine_holds(fd) ? QUARANTINE_NOBODY : fd;
}

/*
 * close(fd), between fd_ending and fd_died. Answers and sets errno as real would; is a point of cancellation if real is one.
 */
int quarantine_close(struct dying *dying, int fd, int (*real)(int));
/* libc has closed the number that died with this generation: it is kept, if nobody was given it meanwhile. */
void quarantine_keep(int fd, uint32_t generation);
/* fd is about to be replaced or closed by the kernel (dup2, close_range): it is a tombstone no more. True if it was one. */
bool quarantine_yield(int fd);
/* The call has failed: it still is one. */
void quarantine_stays(int fd);
/* A tombstone was found whose mark had been lost to a race; the table has it again, with this generation. */
void quarantine_found(int fd, uint32_t generation);
/* The same for [first, last]; what is still there when the call has failed, table_settle finds. */
void quarantine_yield_range(unsigned first, unsigned last);

/* Gives fd back: the kernel is about to be told its number inside of data, where nothing can stand in. */
void quarantine_release(int fd);

/* Gives back numbers, oldest first, until the program may open `needed` more, and some. */
void quarantine_make_room(unsigned needed);

#endif
