/*
 * Hooks: how a libc function gets a wrapper.
 *
 * Three worlds, visible in the names: `close` is what the program calls (exported here), `libc_close` is libc's own,
 * reached as REAL(close), and `fd_dying` and its kin (record.h) are what fdtrace thinks of it.
 *
 * HOOK(name, "public") declares libc_name with libc's own prototype as the referee (a wrong argument list does not
 * compile) and puts "public", the undecorated name reports show, into the linker section fdt_hooks: no list to forget. Where
 * it lies there is the call id that events carry, and the section as it is becomes the segment's part of calls.
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

/* The names of all calls, one after the other, each with its NUL. A call id is an offset into them. */
extern const char __start_fdt_hooks[], __stop_fdt_hooks[];

/* Puts one there; word is its variable. */
#define CALL_NAME(word, public) \
    static const char word[] __attribute__((section("fdt_hooks"), used, aligned(1))) = public

/* Its name; "" for FDT_NO_CALL. */
static inline const char *call_name(uint16_t id)
{
    return id < __stop_fdt_hooks - __start_fdt_hooks ? __start_fdt_hooks + id : "";
}

#define EXPORT  __attribute__((visibility("default")))
#define COLD    __attribute__((noinline, cold))
/* What every event looks at, and every start writes, stands together: scattered, it takes a page and a cache line each. */
#define TOGETHER __attribute__((section(".data.fdt_together")))
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define HOOK(name, public) HOOK_AT(name, public, NULL)
/* The same for a function whose wrapper does without the test in REAL: before it is bound, early stands in for libc's. */
#define HOOK_AT(name, public, early)                                                                   \
    static __typeof__(name) *libc_##name TOGETHER = early;                                             \
    CALL_NAME(hook_##name, public)
/* The same for a function whose wrapper calls a relative of it, execve for execl: libc's own is not wanted. */
#define HOOK_RELATIVE(name, public) CALL_NAME(hook_##name, public)

/*
 * Lists the objects that libc's functions may come from. Called by the constructor; bind_one does it for a wrapper that is entered
 * earlier (constructors of other libraries run before ours). Idempotent, safe from any thread.
 */
void bind_start(void);

/* What dlsym(RTLD_NEXT, name) answers, of the objects that were there at the start; NULL without a word when there is none. */
void *bind_find(const char *name);

/*
 * Finds libc's function of that name for *real. Async-signal-safe, and from any thread, but for a function that no
 * object of the program's start has. One that this libc lacks altogether is bound to one that answers -1 with ENOSYS, as libc
 * would.
 */
COLD void bind_one(void **real, const char *name);
#define BIND(name) bind_one((void **)&libc_##name, #name)

/* libc's own function. */
#define REAL(name) (LIKELY(libc_##name != NULL) ? libc_##name : (BIND(name), libc_##name))

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
        .id = (uint16_t)(hook_##name - __start_fdt_hooks),                                             \
    }

#endif
