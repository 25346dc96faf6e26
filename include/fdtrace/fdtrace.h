/*
 * fdtrace.h: what a program can ask of the tracer it runs under. For C and C++.
 *
 * Nothing has to be linked: every function is a weak reference, so a program built with these calls runs without
 * libfdtrace.so too; use FDTRACE_CALL, which does nothing then:
 *
 *     FDTRACE_CALL(fdtrace_ignore(fd));
 *
 * All functions are safe from any thread; unless said otherwise they are async-signal-safe and keep errno.
 */
#ifndef FDTRACE_H
#define FDTRACE_H

#define FDTRACE_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

#define FDTRACE_WEAK __attribute__((weak))

/* The tracer's version, "MAJOR.MINOR.PATCH"; a null pointer to function when no tracer is present. Never fails. */
const char *fdtrace_version(void) FDTRACE_WEAK;

/*
 * The descriptor is meant to stay open: no leak-at-exit for its current lifetime.
 * Returns 0; -1 when fd is not an open descriptor the tracer knows, or nothing is being recorded.
 */
int fdtrace_ignore(int fd) FDTRACE_WEAK;

/*
 * Compares the tracer's table with the kernel's (numbers, kinds, close-on-exec flags), printing each difference and a sum
 * on standard error. Meaningful while no other thread opens or closes descriptors. Makes system calls; not async-signal-safe.
 * Returns the number of differences, 0 when equal, -1 when the kernel could not be asked or nothing is being recorded.
 */
int fdtrace_verify(void) FDTRACE_WEAK;

/*
 * Suppressions that a program or library brings along; every report of it obeys them. The text is that of a suppressions
 * file (fdtrace(1)). At file scope, any number of times; usable without the tracer, and kept by strip(1):
 *
 *     FDTRACE_SUPPRESSIONS("leak-at-exit:load_plugin\n")
 */
#define FDTRACE_SUPPRESSIONS(text)                                                                             \
    static const char FDTRACE_JOIN(fdtrace_suppressions_, __LINE__)[]                                          \
        __attribute__((section("fdtrace_suppressions"), used, aligned(1))) = text;
#define FDTRACE_JOIN(left, right)  FDTRACE_JOIN_(left, right)
#define FDTRACE_JOIN_(left, right) left##right

/*
 * The same as a function, in the sanitizers' manner: define it, and let it return a string constant. It has to be seen by
 * the dynamic linker (link with -rdynamic, or have it in a shared library), and is called once, before main and before
 * the program's own constructors.
 */
const char *fdtrace_default_suppressions(void) FDTRACE_WEAK;

#define FDTRACE_CALL(call) (fdtrace_version ? (void)(call) : (void)0)

#ifdef __cplusplus
}
#endif
#endif
