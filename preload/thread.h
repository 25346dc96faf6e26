/*
 * What one thread knows of itself. Small on purpose: it lives in every thread's static TLS block, which comes out of the
 * thread's own stack, and programs with 16 KiB stacks exist.
 *
 * initial-exec: a preloaded library is there when the program starts, so its TLS has a fixed place; the general model
 * would call __tls_get_addr, which may allocate, in a signal handler of all places.
 */
#ifndef FDTRACE_THREAD_H
#define FDTRACE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

struct stack_memory;   /* stack.c */
struct borrowed;       /* borrow.h */

/* Calls from one place over consecutive numbers that answer EBADF. */
struct run {
    uintptr_t pc;
    int32_t   fd;
    bool      sweeps;      /* it met a number nobody ever had, or went on for long */
    uint8_t   incidents;   /* entries of incident in use */
    uint16_t  incident[10];
};

struct thread {
    int32_t  tid;        /* kernel thread id, 0: not asked yet */
    uint8_t  shard;      /* ring shard */
    bool     known;      /* tid and shard are set, and a thread-end handler waits */
    bool     unusual;    /* vforked, unwinding or apart: the gate looks closer */
    bool     apart;      /* its descriptors are its own (unshare): the record is not about them */
    bool     unwinding;  /* libunwind is at work, all signals blocked: calls are its own (unwind_library.c) */
    uint8_t  quarantining; /* calls of quarantine.c that are under way, one inside the other */
    int32_t  vfork_pid;  /* between vfork and its return in the parent: the parent's pid; else 0 */
    struct borrowed *borrowed; /* then, too: what the child has done to its own table; NULL otherwise */
    struct stack_memory *stacks; /* remembered stacks, NULL until the first unwind */

    uintptr_t pen_at;    /* where on the stack the latest birth in hand took its slot's pen (table.c); 0: none */

    uint32_t entry;      /* among the segment's threads, plus one (names.c); 0: it has none there */

    /* A death that was announced and not concluded yet (record.c): the number plus one, 0 none. */
    int32_t  dying;
    bool     dying_against;
    uint64_t dying_before, dying_after;

    /* The runs of failing closes and of failing uses this thread is in (misuse.c). */
    struct run closes, uses;
};

extern __thread struct thread thread_self __attribute__((tls_model("initial-exec")));

#endif
