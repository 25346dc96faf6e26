/*
 * Hooks: how a libc function gets a wrapper.
 *
 * Three worlds, visible in the names: `close` is what the program calls (exported here), `libc_close` is libc's own,
 * reached as REAL(close), and `fd_dying` and its kin (record.h) are what fdtrace thinks of it.
 *
 * HOOK(name, "public") declares libc_name with libc's own prototype as the referee (a wrong argument list does not
 * compile) and enrols the function in the linker section fdt_hooks. bind.c walks that section: no list to forget.
 * The position in the section is the call id that events carry; "public" is the undecorated name reports show.
 */
#ifndef FDTRACE_HOOK_H
#define FDTRACE_HOOK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_FILE_OFFSET_BITS) && _FILE_OFFSET_BITS == 64
#error "_FILE_OFFSET_BITS=64 renames open to open64 behind our back"
#endif

/* 32 bytes, so that a call id is a shift away from a pointer. */
struct hook {
    const char *name;    /* the symbol to look up and export          */
    const char *call;    /* what reports call it: "open" for "open64" */
    void      **real;    /* where the address goes                    */
    uintptr_t   padding;
};
extern const struct hook __start_fdt_hooks[], __stop_fdt_hooks[];

#define EXPORT  __attribute__((visibility("default")))
#define COLD    __attribute__((noinline, cold))
/* What every event looks at stands together: scattered, it takes a page and a cache line each. */
#define TOGETHER __attribute__((section(".data.fdt_together")))
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define HOOK(name, public) HOOK_AT(name, public, NULL)
/* The same for a function whose wrapper does without the test in REAL: before the binding, early stands in for libc's. */
#define HOOK_AT(name, public, early)                                                                   \
    static __typeof__(name) *libc_##name TOGETHER = early;                                             \
    static const struct hook hook_##name __attribute__((section("fdt_hooks"), used, aligned(32))) = {  \
        #name, public, (void **)&libc_##name, 0}

/*
 * Finds libc's function behind every hook (RTLD_NEXT). Called by the constructor, and by any wrapper that is entered
 * earlier (constructors of other libraries run before ours). Idempotent, safe from any thread. A function this libc
 * lacks is bound to one that answers -1 with ENOSYS, as libc would.
 */
void bind_all(void);

/* libc's own function. The test is there for callers that come before the constructor. */
#define REAL(name) (LIKELY(libc_##name != NULL) ? libc_##name : (bind_all(), libc_##name))

/*
 * One interposed call in flight: who called, and how restless the table was when it began (unrest.h).
 * pc, sp and fp are the caller's: the address it will continue at, its stack pointer after the return, its frame pointer.
 */
struct call {
    uintptr_t pc, sp, fp;
    uint32_t  unrest;
    uint16_t  id;
    bool      raw;       /* made through syscall() */
};

extern uint32_t fdt_unrest, fdt_unrest_in_flight;

/* Must stand in the wrapper itself, not in a helper: it reads the wrapper's own frame. */
#define CALL(name)                                                                                     \
    {                                                                                                  \
        .pc = (uintptr_t)__builtin_return_address(0), .sp = (uintptr_t)__builtin_dwarf_cfa(),          \
        .fp = *(uintptr_t *)__builtin_frame_address(0),                                                \
        .unrest = __atomic_load_n(&fdt_unrest, __ATOMIC_ACQUIRE),                                      \
        .id = (uint16_t)(&hook_##name - __start_fdt_hooks),                                            \
    }

#endif
