/*
 * Unwind rules by libunwind: another opinion than cfi.c's, for `unwind=libunwind`, and the reference of
 * `check_stacks=1`.
 */
#ifndef FDTRACE_UNWIND_LIBRARY_H
#define FDTRACE_UNWIND_LIBRARY_H

#include "unwind.h"

/* On x86-64, where its header is installed (musl's compiler does not see it). Our own reader needs no library. */
#if defined(__x86_64__) && defined(__GLIBC__) && __has_include(<libunwind.h>)
#define FDT_LIBUNWIND 1
#else
#define FDT_LIBUNWIND 0
#endif

/* Loads the library. Called once, by the constructor. False: it is missing. */
bool libunwind_start(void);

/*
 * False where it cannot be asked: it was not started, from within itself, behind a seccomp filter, in some forked
 * children.
 */
bool libunwind_rule(uintptr_t lookup, struct rule *rule);

/*
 * The frames above (pc, sp, fp) as libunwind itself steps through them, up to the first one without unwind information.
 * Returns how many were stored, frames[0] being pc.
 */
unsigned libunwind_walk(uintptr_t pc, uintptr_t sp, uintptr_t fp, uintptr_t *frames, unsigned depth);

/* In a forked child: its locks may be held by a thread that is not there any more. */
void libunwind_forked(void);

#endif
