/*
 * Stacks inside the traced process: preload/stack.c and what stands behind it, compiled into stack_support.c with a
 * site table of its own, and events for it whose stacks are known. The referee is glibc's backtrace(3), which uses
 * libgcc's unwinder.
 *
 * Loops that make events count in volatile variables: unrolled, each call in them would have a pc of its own.
 */
#ifndef FDTRACE_TESTS_STACK_SUPPORT_H
#define FDTRACE_TESTS_STACK_SUPPORT_H

#define store stack_test_store /* the guest's own name for its segment */
#include "../preload/sites.h"
#include "fdtrace/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOINLINE __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))
/* struct call of a function's own caller. */
#define CALLER                                                                                         \
    {                                                                                                  \
        .pc = (uintptr_t)__builtin_return_address(0), .sp = (uintptr_t)__builtin_dwarf_cfa(),          \
        .fp = *(uintptr_t *)__builtin_frame_address(0)                                                 \
    }

/* The site table: a stack for each id from 1 on, how many plus one, and how often one was put there, or again. */
#define FAKE_SITES 4096u
struct fake_site {
    uint32_t flags; /* FDT_SITE_* */
    unsigned depth;
    uintptr_t frames[FDT_DEPTH_MAX];
};
extern struct fake_site fake_sites[FAKE_SITES];
extern uint32_t fake_site_count, interned;

/* For .init: stacks by unwind tables, 32 frames. */
void start_stacks(void);
/* Skips the test where there is no libunwind. */
void needs_libunwind(void);

/* --- events; each answers its site --- */

uint32_t event(void);
/* The same, and assert_true_stack knows what backtrace(3) thinks of it. */
uint32_t judged_event(void);
/* The site of the latest judged event is what backtrace says, cut at depth. */
void assert_true_stack(uint32_t site, unsigned depth);

/* last(), called with so many frames more. */
uint32_t nest(unsigned levels, uint32_t (*last)(void));
/* With frames that have to be found by their frame pointers: two words each, side by side. */
uint32_t nest_by_frame_pointer(unsigned levels);
/* Six functions that make a judged event through one helper: same pc, sp and fp, another stack each. */
enum { CALLERS = 6 };
extern uint32_t (*const callers[CALLERS])(void);

/* --- what this thread remembers (preload/stack.c) --- */

void set_epoch(uint32_t epoch);
/* A bit for each remembered stack that is being read or written; there must have been an event. */
uint64_t *busy_marks(void);
void forget_stacks(void);
/* The remembered stacks lose all words: they match whoever calls at that depth. */
void forget_words(void);
/* The words of the one stack remembered, and how many pairs they begin with. */
struct remembered {
    uintptr_t *words;
    unsigned count, pairs;
};
struct remembered only_remembered(void);
/* How many threads' memories there are, in use or handed back. */
unsigned memory_count(void);
/* From now on all stacks are taken by frame pointers alone. */
void guess_stacks(void);

#endif
