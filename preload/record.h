/*
 * The verbs wrappers speak. Plain functions, so that a debugger has somewhere sensible to stop.
 *
 * All of them: keep errno (none touches it but on the slow ways, which put it back); take no lock; call neither malloc
 * nor stdio; make no system call in the steady state; may be called from any thread and any signal handler; do nothing
 * while recording is off, in a vfork child, or inside the unwinder. A child that was forked behind our back is
 * recognised on entry and given its own segment first.
 *
 * Order. Deaths are recorded BEFORE the real call: the instant the kernel frees a number another thread may be given
 * it. Births are recorded AFTER it. So for one number the record of a death always precedes that of the next birth.
 *
 * What that order alone cannot settle between threads is told in unrest.h.
 */
#ifndef FDTRACE_RECORD_H
#define FDTRACE_RECORD_H

#include "fdtrace/segment.h"
#include "hook.h"

/* What a wrapper knows of the descriptor it has just received. */
struct birth {
    uint8_t     kind;      /* enum fdt_kind */
    uint8_t     owner;     /* enum fdt_owner */
    bool        cloexec;
    int         from;      /* descriptor it came from (dup, accept), -1 none */
    uint32_t    flags;     /* open flags or socket type */
    const void *handle;    /* of the owner */
    bool        untouched; /* it came in a message: nobody has looked at it yet */
    uint64_t    token;     /* AF_UNIX: which end of which connection, 0 unknown */
    const char *name;      /* path, or NULL. It was the call's own argument, so it is readable. */

    /* Not the wrapper's business: the verbs fill it in. */
    uint64_t    ns;
    uint32_t    site;
    uint32_t    from_generation;
};
/* NEWBORN(.kind = ..., ...): the defaults, then what the wrapper knows (built with -Wno-override-init for this). */
#define NEWBORN(...) (&(struct birth){.from = -1, __VA_ARGS__})

/* fd is what the call returned. Negative: nothing was born; EMFILE and ENFILE (still in errno) become an incident. */
void fd_born(const struct call *call, int fd, struct birth *birth);

/* A death announced, to be concluded by fd_died, fd_survived or fd_replaced. On the stack of the wrapper. */
struct dying {
    int      fd;
    bool     recorded;   /* the table changed; state is what it became */
    bool     against;    /* the table believed the number dead         */
    uint64_t before;     /* slot word before                           */
    uint64_t after;      /* slot word we left                          */
    uint64_t ns;         /* when it was announced                      */
    uint32_t site;       /* by which stack                             */
    bool     echo;       /* an EBADF has been explained already        */
};
/*
 * Before the real close, fclose, closedir, ... of fd. Negative and huge numbers are fine. A thread cancelled in the real call,
 * or one that leaves it by longjmp, never concludes: its next death, or its end, asks the kernel what became of the number.
 * (A cleanup handler would do it at once, and would load libgcc_s into every program.)
 */
struct dying fd_dying(const struct call *call, int fd);
/*
 * After it: error is 0 or the errno of the failed call. Only EBADF means that nothing was closed (close(2), "Dealing with
 * error returns from close()"): the record is put right, and on a number with a past it is a misuse.
 */
void fd_died(const struct call *call, struct dying *dying, int error);
/*
 * fd_dying for the calls that end something: a bare number (owner NONE, handle NULL), or a handle and the number it holds. A
 * handle that has ended before is told here, by fd_ended_again.
 */
struct dying fd_ending(const struct call *call, int fd, enum fdt_owner owner, const void *handle);
/* Has this handle ended lately, with nothing new at its address since? Looks into no memory but ours. */
bool fd_handle_ended(const void *handle);
/* It is being ended again: a double close of the handle, whatever becomes of the number. */
void fd_ended_again(const struct call *call, const void *handle);
/* fd_died for a number that was closed inside libc: quarantine.h may keep it. */
void fd_ended(const struct call *call, struct dying *dying, int error);
/* The calling thread ends, or begins another death: if it never concluded one, the kernel tells how that went. */
void fd_abandoned(void);
/* The same for a call that may have failed before it reached the number (dup2 with a bad source): closed tells. */
void fd_survived(const struct call *call, struct dying *dying);

/*
 * dup, F_DUPFD: to < 0 as in fd_born. The copy shares kind and name with from, if from is still what it was before the
 * call (seen: fd_word(from) taken then); otherwise another thread has put something else there, and the kernel is asked.
 */
void fd_duped(const struct call *call, int from, uint64_t seen, int to, bool cloexec);
/* dup2, dup3 that succeeded: the announced number died, if it lived, and is a copy now. Instead of fd_died and fd_duped. */
void fd_replaced(const struct call *call, struct dying *dying, int from, uint64_t seen, bool cloexec);

/* Before a dup2 of fd onto target: whether a tombstone on target (quarantine.h) has given way. */
bool fd_yields(int fd, int target);

/* close_range and closefrom: every number of [first, last]. Announce before, conclude after; error as above. */
void fd_sweep_begin(const struct call *call, unsigned first, unsigned last);
void fd_sweep_end(unsigned first, unsigned last, int error);
/* CLOSE_RANGE_CLOEXEC: after success. */
void fd_sweep_cloexec(unsigned first, unsigned last);

/*
 * fd is being put to some use: a received one is no longer untouched, a timed one remembers when. shapes.h has fd_touch, which
 * asks first. Also reads the clock, in the vDSO.
 */
void fd_touch_slowly(int fd);

/* The slot's word now, 0 for a number never recorded: taken before a real call whose record depends on it. */
uint64_t fd_word(int fd);
/* F_SETFD, FIOCLEX, FIONCLEX after success; word as taken before the call. */
void fd_flagged(const struct call *call, int fd, uint64_t word, bool cloexec);

/* bind, connect, accept: the address. Also a path. name is NUL-terminated. After success. */
void fd_named(const struct call *call, int fd, const char *name);
/* fdopen, fdopendir, openpty: fd belongs to handle from now on. */
void fd_owned(const struct call *call, int fd, enum fdt_owner owner, const void *handle);
/* What the table knows: kind of fd (FDT_OTHER when it knows nothing). */
enum fdt_kind fd_kind(int fd);

/* An I/O call answered EBADF. Silent for numbers without a past, and for live ones (wrong access mode). */
void fd_bad_use(const struct call *call, int fd);
/* fd is about to be put into an fd_set that has no room for it. Silent when it is not open: then it is a bound, no number. */
void fd_over_select(const struct call *call, int fd);
/* bind of an AF_UNIX socket to a path, after fd_named. */
void fd_bound(const struct call *call, int fd);
/* A call that makes descriptors inside libc failed; errno is still set. EMFILE and ENFILE become an incident. */
void fd_refused(const struct call *call);

#endif
