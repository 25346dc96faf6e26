/* Misuse: evidence kept apart from the ring, and the judgement that sweeps are innocent. */
#ifndef FDTRACE_MISUSE_H
#define FDTRACE_MISUSE_H

#include "record.h"
#include "watch.h"

/* An incident on fd (-1: none in particular): what its slot knows is copied beside the offence. Equal ones are counted. */
void misuse_record(enum fdt_incident_type type, const struct call *call, int fd, int error);

/*
 * A call was refused a descriptor: error is EMFILE or ENFILE. The first time for each error a black box is kept beside it:
 * which sites held most then. It opens nothing, so it is complete although nothing can be opened any more.
 */
void misuse_limit(const struct call *call, int error);

/*
 * A path was bound to the AF_UNIX socket fd. No misuse yet, but whether it outlives its socket is told after the slot may
 * have been given away. Of a program that binds many paths the first ones are kept.
 */
void misuse_bound(const struct call *call, int fd);

/*
 * A use of fd answered EBADF. On a number with a past that is a use after close, unless it belongs to a sweep (below; numbers
 * that are open do not interrupt one of uses). dup of two numbers in a row is one, since it does nothing to either. What is
 * copied is the lifetime the offender meant, as far as the number's history tells; and when it is the caller that was robbed
 * by another thread's stale close, that is the incident: REUSE.
 */
void misuse_bad_use(const struct call *call, int fd, bool has_past);

/*
 * Before the real call: the number fd is being ended by a call for handles of kind by, or by a plain close (NONE, NULL). slot
 * is announced dead. An incident when the number belongs to a handle and this is not how it ends (MISMATCH), or when handle
 * has lost this number before and somebody else has it now (REUSE).
 */
void misuse_ending(const struct call *call, int fd, const struct fdt_slot *slot, enum fdt_owner by, const void *handle);
/* handle has ended before, by its own call (handle.h). */
void misuse_ended_again(const struct call *call, const void *handle);

/*
 * A close of fd answered EBADF. On a number with a past that is a double close, unless it belongs to a sweep: closes from
 * one place over consecutive numbers, in either direction, that meet a number nobody ever had or go on for long. A sweep is
 * recognised only as it goes on; what was held against its first numbers is taken back then.
 */
void misuse_failed_close(const struct call *call, int fd, bool has_past);
/*
 * An ordinary birth on fd, which is 0, 1 or 2: an incident, unless the program puts there what belongs there (a device,
 * a terminal, a stream it reopens). name may be NULL. misuse_moved takes it back: the program has seen what it got, and
 * made a copy of it above 2.
 */
void misuse_landed(const struct call *call, int fd, enum fdt_owner owner, const char *name);
void misuse_moved(int fd);

/*
 * fd was born without close-on-exec and has been given it just now: too late, when another thread forked in between. The
 * incident's error is 0 while there is one thread, 1 with several, 2 when such a fork is known; its death is the fork, then.
 */
void misuse_flagged_late(const struct call *call, int fd);
/*
 * fd was given close-on-exec by fcntl and had it already. No misuse, but kept (FLAG_AGAIN) when a sibling (sibling.h) has it
 * not; misuse_flagged takes it back when the sibling fd gets the flag after all. Of many the first ones are kept.
 */
void misuse_flagged_again(const struct call *call, int fd);
void misuse_flagged(int fd);
/* A fork or spawn of the calling thread, at ns. */
void misuse_forked(const struct call *call, uint32_t site, uint64_t ns);

/* ghost is closed, and watched all the same: the description lives on as copy. call waits for its events. */
void misuse_ghost(const struct call *call, const struct ghost *ghost, int copy);

/*
 * The thread has opened something: what it closes next belongs to no sweep. To be called where numbers are not given out anew
 * at once (quarantine.h), and closes of one place go upwards without being a sweep. The same goes for its uses.
 */
void misuse_opened(const struct call *call);

/*
 * Before the real call: fd, whose birth nobody saw, is about to be closed; life (hidden.h) is what libc keeps there. HIDDEN,
 * with error 0 for a single close and 1 for what turns out to be a sweep, which is said to be one with swept.
 */
void misuse_hidden(const struct call *call, int fd, const struct fdt_life *life, bool swept);

/* A close of fd succeeded: a sweep passes over live numbers, too. */
void misuse_closed(const struct call *call, int fd);

#endif
