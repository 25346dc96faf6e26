/*
 * The gate: every verb passes it before it touches the record.
 *
 * It must know, without a system call, three things: that recording is on; that this is the process the record belongs
 * to (a child forked by inline assembly shares the MAP_SHARED segment and must not write into its parent's record);
 * and that the caller is the program, not a vfork child borrowing our memory, nor libunwind at work.
 *
 * The second is the kernel's doing: `guard` lies in a page marked MADV_WIPEONFORK (Linux 4.14), which reads as zero in
 * every forked child however it was forked. A child finds WIPED where its parent has ON, and is given a life of its own
 * (process.c) before its first event is recorded.
 */
#ifndef FDTRACE_GATE_H
#define FDTRACE_GATE_H

#include "hook.h"
#include "thread.h"

enum gate_phase {
    GATE_WIPED,     /* zero: a forked child that has not been introduced yet */
    GATE_NEW,       /* the library is loaded, nothing is set up */
    GATE_BUSY,      /* somebody is setting up; everybody else passes through unrecorded */
    GATE_ON,
    GATE_OFF        /* recording is impossible or over */
};

/* Everything that must vanish in a forked child: index is sites.c's hash table, the chains are passage.c's and misuse.c's. */
struct guard {
    uint32_t phase;      /* enum gate_phase, atomic */
    uint32_t index_mask;
    uint32_t execs[64];      /* heads of the chains of groups of execs, index plus one; atomic */
    uint32_t crossings[256]; /* heads of the chains of crossings, the same */
    uint32_t incidents[256]; /* heads of the chains of incidents, the same */
    uint32_t index[];
};
extern struct guard *guard;

/* Slow paths: start, fork child, vfork child, unwinder. True when the event is to be recorded. */
bool gate_enter_slowly(void);

static inline bool gate_enter(void)
{
    if (LIKELY(__atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) == GATE_ON && !thread_self.unusual && thread_self.known))
        return true;
    return gate_enter_slowly();
}

/* In a forked child: its first thread takes the first shard of the ring, whose memory comes first, too. */
void gate_forked(void);

/* True while several threads may exist; glibc tells since 2.32 (sys/single_threaded.h), before that always. */
bool gate_threaded(void);

/*
 * The guard for index_size (a power of two) words, in phase GATE_BUSY. False when memory cannot be had.
 * Where the kernel cannot wipe on fork, fork's own wrapper (wrap_process.c) still announces children.
 */
bool gate_prepare(uint32_t index_size);
/* Sets the phase, with everything written before visible to whoever sees it. */
void gate_set(enum gate_phase phase);

#endif
