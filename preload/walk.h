/*
 * One walk up the stack, by the rules of unwind.h, and what it hung on.
 *
 * Beside the frames a walk yields its words: the places in memory it read, in order, and what stood there. They are
 * the whole of its input but for the caller's pc, sp and fp and the rules (module epoch). So whoever finds the same
 * three and the same words again, read in the same order, has walked the same stack: that is what stack.c remembers.
 */
#ifndef FDTRACE_WALK_H
#define FDTRACE_WALK_H

#include "fdtrace/segment.h"
#include "hook.h"

#define WALK_WORDS 64u

struct walk {
    unsigned  depth;
    uint32_t  flags;               /* FDT_SITE_CUT, FDT_SITE_GUESSED */
    bool      repeatable;          /* the words tell all; false when they did not fit, or a signal frame was crossed */
    unsigned  words;
    uint32_t  at[WALK_WORDS];      /* bytes above the caller's sp */
    uintptr_t value[WALK_WORDS];
    uintptr_t frames[FDT_DEPTH_MAX];
};

/* The part of the calling thread's own stack that is known to be there; zero at first. Grows only. */
struct own_stack {
    uintptr_t low, high;
    bool      failed;              /* the kernel cannot tell */
};

/*
 * Up to depth frames (at least 1, at most FDT_DEPTH_MAX) from the caller of a wrapper. by_fp: frame pointers only. own
 * may be NULL. Never faults, takes no lock; system calls only for code or a stretch of stack met for the first time.
 */
void walk_stack(const struct call *call, unsigned depth, bool by_fp, struct own_stack *own, struct walk *walk);

#endif
