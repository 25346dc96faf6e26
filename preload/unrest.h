/*
 * Unrest: what the order of records alone cannot settle.
 *
 * Deaths are recorded before the kernel frees a number, births after it has given one. That leaves one gap: a thread that
 * has been given a number but has not recorded it yet, while another thread closes or replaces that very number (a sweep,
 * a stale close, a dup2 onto it). Whoever is about to do so to a number the table believes dead, or to a range, lets the
 * others know: fdt_unrest grows before the real call and again when the table has been put right after it, and a second
 * counter says how many such calls are in between. A birth that finds either moved since its own call began asks the
 * kernel (one to three system calls) instead of trusting itself, and so does a close that turns out to have succeeded
 * against the table's belief. Programs that close what they own never get there.
 */
#ifndef FDTRACE_UNREST_H
#define FDTRACE_UNREST_H

#include "hook.h"

/* Before the real call, and after the record has been put right. Lock-free, async-signal-safe. */
void unrest_begin(void);
void unrest_end(void);
/* Was there unrest at any time since this call began? */
static inline bool unrest_since(const struct call *call)
{
    return UNLIKELY(__atomic_load_n(&fdt_unrest, __ATOMIC_ACQUIRE) != call->unrest ||
                    __atomic_load_n(&fdt_unrest_in_flight, __ATOMIC_ACQUIRE) != 0);
}
/* Is the only unrest since this call began the one it began itself? For programs with a single thread. */
bool unrest_is_ours(const struct call *call);
/* In a forked child: what its parent's other threads had in flight is not in flight here. */
void unrest_forked(void);

#endif
