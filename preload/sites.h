/*
 * Sites: distinct (call, stack) pairs, stored once and counted.
 *
 * stack_site (stack.c) is the front door: it turns the caller of a wrapper into a site id, mostly from memory. When it
 * has to unwind, it hands the frames to site_intern (sites.c), which finds or stores them in the segment.
 */
#ifndef FDTRACE_SITES_H
#define FDTRACE_SITES_H

#include "fdtrace/segment.h"
#include "hook.h"
#include "store.h"

/*
 * The id of the site with this call and these return addresses, innermost first; FDT_NO_SITE when there is no room.
 * flags: FDT_SITE_*. Lock-free, async-signal-safe; two threads that store the same stack at once agree on one id.
 */
uint32_t site_intern(uint16_t call, uint32_t flags, const uintptr_t *frames, unsigned depth);

/* How many frames two stacks have in common, from the innermost on; 0 for FDT_NO_SITE, or frames that are not kept. */
unsigned sites_shared(uint32_t one, uint32_t other);

/* Birth number `births` of the site, a power of two, made it `live`: kept for those who ask whether it keeps growing. */
void site_sample(struct fdt_site *site, uint64_t births, uint64_t live);

/* The module epoch stacks belong to now; it changes when a dlclose may have let other code move in at old addresses. */
static inline uint32_t site_epoch(void)
{
    return store.header != NULL ? __atomic_load_n(&store.header->epoch, __ATOMIC_ACQUIRE) : 0;
}

/*
 * Site of the caller of a wrapper: frames begin with call->pc. Cost: about a nanosecond a frame when the same stack
 * was seen before by this thread. Never fails: the worst is a one-frame stack (flagged FDT_SITE_CUT) or FDT_NO_SITE.
 */
uint32_t stack_site(const struct call *call);

/*
 * Called once by the constructor, before any stack is taken. depth: frames wanted, 0 switches stacks off; method: "auto",
 * "fp" or "none"; check: compare every remembered stack with a full unwind, abort() with a message on a difference.
 * Returns what is in use, as in header.unwinder: 0 none, 1 frame pointers, 2 libunwind.
 */
int stack_start(unsigned depth, const char *method, bool check);
/* In a forked child: what the parent's other threads had in hand is free again. */
void stack_forked(void);
/* Gives back what the calling thread holds; called as the thread ends. */
void stack_thread_end(void);

#endif
