/*
 * Unwind rules: how to get from one frame to its caller, found out once for each code address and kept.
 *
 * Nouns
 *   rule     for one code address: where its frame's canonical frame address (CFA, the caller's stack pointer), its
 *            return address and the caller's registers are, relative to a register. A few bits; no addresses.
 *   third    the register that a walk follows beside stack and frame pointer. On x86-64 it is %rbx, from which compilers
 *            count the frames that they realign. On aarch64 it is x30, which calls leave their return address in:
 *            it is where it was saved, or, in a function that has not saved it, still in the register.
 *   lookup   the code address a rule is asked for: one less than a return address (the call itself, which may be the
 *            last instruction of its function), or exactly where a signal struck.
 *   source   who knows rules: cfi.c reads .eh_frame itself; unwind_library.c asks libunwind.
 *
 * Why not simply call unw_backtrace? In libunwind 1.6.2 it opens a pipe and keeps it, allocates half a megabyte for
 * each thread, makes system calls, takes locks that a forked child may inherit locked, and takes 250 us to load and
 * start. And it does not say which words of memory its answer hangs on: with rules the walk is ours (walk.c) and can
 * tell.
 */
#ifndef FDTRACE_UNWIND_H
#define FDTRACE_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

enum rule_kind {
    RULE_UNKNOWN,   /* no unwind information: by frame pointer, if that looks plausible                        */
    RULE_OUTERMOST, /* the stack ends here                                                                    */
    RULE_FRAME,     /* CFA = base + cfa, return address just below it; aarch64: return address = third           */
    RULE_ALIGNED,   /* CFA = *(base + cfa) + plus, return address just below it (realigned stacks)              */
    RULE_CONTEXT,   /* all registers come from a record at base: CFA = *(base + cfa), return address at plus    */
    RULE_STRANGE,   /* anything else                                                                          */
};

/* The registers a CFA may hang on. (The third: on x86-64 only.) */
enum rule_base { BASE_SP, BASE_FP, BASE_THIRD };

/* Offsets count 8-byte words. Fits one word of memory, so that it is read and written whole. */
struct rule {
    uint64_t kind : 3;          /* enum rule_kind */
    uint64_t base : 2;          /* enum rule_base */
    uint64_t saved_by_base : 1; /* fp and third count from base, not from the CFA: always on aarch64, whose frames have
                                   their saved registers at the bottom and up to megabytes of locals above */
    int64_t  cfa : 24;
    int64_t  plus : 6;
    int64_t  fp : 14;           /* where the caller's frame pointer is kept, RULE_SAME or RULE_LOST */
    int64_t  third : 14;        /* the same for the third register */
};
#define RULE_SAME (-8192) /* the register still has the caller's value */
#define RULE_LOST (-8191) /* its value cannot be had */

/*
 * Called once, by the constructor. False: rules cannot be had at all (we ourselves are in no object). by_libunwind:
 * take libunwind for the source, if it is there.
 */
bool unwind_start(bool by_libunwind);

/*
 * The rule for a lookup address in this module epoch: some nanoseconds when known, else some hundred. RULE_UNKNOWN
 * also for addresses outside every loaded object (code made at run time). False: no answer just now.
 * Async-signal-safe, lock-free, no system call (libunwind as the source: see there).
 */
bool unwind_rule(uintptr_t lookup, uint32_t epoch, struct rule *rule);

#endif
