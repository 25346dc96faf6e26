/*
 * fdtrace.h: what a program can ask of the tracer it runs under. For C and C++, on x86-64 and aarch64.
 *
 * Nothing has to be linked and nothing has to be tested for: where the tracer is absent every function does nothing and
 * returns at once, with the value its comment gives after "untraced".
 *
 *     fdtrace_mark_t mark = fdtrace_mark();
 *     ... exercise ...
 *     assert(fdtrace_leaks_since(mark) == 0);
 *
 * Where the tracer is present but cannot record (no memory, a full disk), functions that return a number return -1.
 *
 * All functions may be called from any thread at any time after main has begun, and keep errno. Those that say so are
 * async-signal-safe as well. Answers about a table that other threads change meanwhile are true of some moment.
 */
#ifndef FDTRACE_H
#define FDTRACE_H

#include <stddef.h>
#include <stdint.h>

#define FDTRACE_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* A moment: nanoseconds of CLOCK_MONOTONIC. 0 is before everything. */
typedef uint64_t fdtrace_mark_t;

/* An open descriptor, as fdtrace_snapshot tells of it. */
struct fdtrace_descriptor {
    int          fd;
    int          thread;       /* kernel thread id of the call that made it                       */
    uint64_t     born;         /* when that call returned, comparable with marks                  */
    uint32_t     generation;   /* how many lifetimes the number has had; with fd it names this one */
    uint32_t     flags;        /* FDTRACE_*                                                       */
    const char  *kind;         /* "file", "pipe", "socket-inet", ...; valid until the process ends */
    const char  *call;         /* "open", "accept", ...; "" when nobody saw it; as long           */
    char         name[168];    /* path, address or label; "" none                                 */
};
#define FDTRACE_CLOEXEC   1u   /* close-on-exec is set                                  */
#define FDTRACE_INHERITED 2u   /* open when the program began, or from before a fork    */
#define FDTRACE_HIDDEN    4u   /* libc keeps it for itself                              */
#define FDTRACE_IGNORED   8u   /* fdtrace_ignore                                        */

/*
 * FDTRACE_FUNCTION(type, name, parameters, untraced) declares fdtrace_NAME: the tracer's function, or one that does what
 * `untraced` says. The tracer's is found through the global offset table, whose entry the dynamic linker fills if a tracer
 * has been preloaded: a plain weak reference would be settled at link time in programs that are not position-independent.
 */
#ifdef FDTRACE_GUEST
#define FDTRACE_FUNCTION(type, name, parameters, untraced) type fdtrace_##name parameters;
#else
#if defined(__x86_64__)
#define FDTRACE_FIND(name, function) \
    __asm__(".weak fdtrace_" #name "\n\tmovq fdtrace_" #name "@GOTPCREL(%%rip), %0" : "=r"(function))
#elif defined(__aarch64__)
#define FDTRACE_FIND(name, function)                                                          \
    __asm__(".weak fdtrace_" #name "\n\tadrp %0, :got:fdtrace_" #name "\n\t"                 \
            "ldr %0, [%0, :got_lo12:fdtrace_" #name "]" : "=r"(function))
#else
#error "fdtrace knows x86-64 and aarch64"
#endif
#define FDTRACE_FUNCTION(type, name, parameters, untraced)                  \
    typedef type(*fdtrace_function_##name) parameters;                      \
    static inline type fdtrace_untraced_##name parameters { untraced }      \
    static inline fdtrace_function_##name fdtrace_find_##name(void)         \
    {                                                                       \
        fdtrace_function_##name function;                                   \
        FDTRACE_FIND(name, function);                                       \
        return function != NULL ? function : fdtrace_untraced_##name;       \
    }
#define fdtrace_version     (fdtrace_find_version())
#define fdtrace_ignore      (fdtrace_find_ignore())
#define fdtrace_label       (fdtrace_find_label())
#define fdtrace_mark        (fdtrace_find_mark())
#define fdtrace_leaks_since (fdtrace_find_leaks_since())
#define fdtrace_check       (fdtrace_find_check())
#define fdtrace_explain     (fdtrace_find_explain())
#define fdtrace_snapshot    (fdtrace_find_snapshot())
#define fdtrace_verify      (fdtrace_find_verify())
#endif

/* The tracer's version, "MAJOR.MINOR.PATCH". Untraced: a null pointer. Async-signal-safe. */
FDTRACE_FUNCTION(const char *, version, (void), return NULL;)

/*
 * The descriptor is meant to stay open: no leak for its current lifetime.
 * Returns 0; -1 when fd is not an open descriptor the tracer knows. Untraced: 0. Async-signal-safe.
 */
FDTRACE_FUNCTION(int, ignore, (int fd), (void)fd; return 0;)

/*
 * Names a descriptor: reports and listings show label instead of its path or address, up to 167 bytes of it, until it is
 * closed. The text is copied. Returns 0; -1 when fd is not an open descriptor the tracer knows. Untraced: 0.
 * Makes system calls, async-signal-safe.
 */
FDTRACE_FUNCTION(int, label, (int fd, const char *label), (void)fd; (void)label; return 0;)

/* Now. Untraced, and when nothing is recorded: 0. Async-signal-safe. */
FDTRACE_FUNCTION(fdtrace_mark_t, mark, (void), return 0;)

/*
 * How many descriptors were born in this process at mark or later and are still open: not 0 to 2, not inherited, ignored
 * or hidden ones, and only those the kernel confirms. Untraced: 0. Makes system calls, async-signal-safe.
 */
FDTRACE_FUNCTION(int, leaks_since, (fdtrace_mark_t mark), (void)mark; return 0;)

/*
 * A leak check the program survives: tells on standard error, with stacks, about the descriptors fdtrace_leaks_since
 * counts, less those that suppressions, allowances or the baseline of FDTRACE_OPTIONS excuse. Silent when there are none.
 * Returns their number, 0 when all are excused. Untraced: 0. Starts the fdtrace command and waits for it (milliseconds);
 * where there is none, the library tells in its own plainer way, and nothing is excused.
 */
FDTRACE_FUNCTION(int, check, (fdtrace_mark_t mark), (void)mark; return 0;)

/*
 * The same, but the text goes to text, at most size bytes with its NUL; "" when there is nothing to tell. text may be NULL
 * when size is 0. For test frameworks that have a place for it.
 */
FDTRACE_FUNCTION(int, explain, (fdtrace_mark_t mark, char *text, size_t size),
                 (void)mark; if (size > 0) *text = '\0'; return 0;)

/*
 * Lists what is open, by number, into list, at most count of them. Returns how many there are, which may be more than
 * count; list may be NULL when count is 0. Untraced: 0. Makes system calls, async-signal-safe.
 */
FDTRACE_FUNCTION(int, snapshot, (struct fdtrace_descriptor * list, int count), (void)list; (void)count; return 0;)

/*
 * Compares the tracer's table with the kernel's (numbers, kinds, close-on-exec flags), printing each difference and a sum
 * on standard error. Meaningful while no other thread opens or closes descriptors. Returns the number of differences, 0 when
 * equal; -1 also when the kernel could not be asked. Untraced: 0. Makes system calls; not async-signal-safe.
 */
FDTRACE_FUNCTION(int, verify, (void), return 0;)

/*
 * Suppressions that a program or library brings along; every report of it obeys them. The text is that of a suppressions
 * file (fdtrace(1)). At file scope, any number of times; kept by strip(1):
 *
 *     FDTRACE_SUPPRESSIONS("leak-at-exit:load_plugin\n")
 */
#define FDTRACE_SUPPRESSIONS(text)                                                                             \
    static const char FDTRACE_JOIN(fdtrace_suppressions_, __LINE__)[]                                          \
        __attribute__((section("fdtrace_suppressions"), used, aligned(1))) = text;
#define FDTRACE_JOIN(left, right)  FDTRACE_JOIN_(left, right)
#define FDTRACE_JOIN_(left, right) left##right

/*
 * The same as a function, in the sanitizers' manner: define it, and let it return a string constant. Where the dynamic
 * linker can see it (-rdynamic, or a shared library) it is called once, before main and the program's own constructors;
 * elsewhere its answer is read from the program's file, which must not have been stripped then.
 */
const char *fdtrace_default_suppressions(void) __attribute__((weak));

/* For code written against a header whose functions had to be guarded: FDTRACE_CALL(fdtrace_ignore(fd)). */
#define FDTRACE_CALL(call) ((void)(call))

#ifdef __cplusplus
}
#endif
#endif
