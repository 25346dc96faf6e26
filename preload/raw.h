/*
 * System calls of our own, made without libc: they pass no wrapper, are no cancellation points, leave errno alone and
 * answer -errno. Only start-up, fork, growth, races and the end use them; never the steady state.
 */
#ifndef FDTRACE_RAW_H
#define FDTRACE_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline long raw6(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long answer;
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return answer;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#else
#error "fdtrace knows x86-64 and aarch64"
#endif
}

#define RAW(number, a, b, c, d, e, f, ...)                                                             \
    raw6(SYS_##number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* raw(openat, AT_FDCWD, path, flags): missing arguments are 0. */
#define raw(...) RAW(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static inline int raw_open(const char *path, int flags, int mode)
{
    return (int)raw(openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

static inline int raw_stat_fd(int fd, struct stat *status)
{
    return (int)raw(newfstatat, fd, "", status, AT_EMPTY_PATH);
}

/* Readable and writable memory; NULL when there is none. libc's mmap has a wrapper, ours. */
static inline void *raw_map(size_t size, int flags, int fd)
{
    long address = raw(mmap, NULL, size, PROT_READ | PROT_WRITE, flags, fd);
    return address < 0 && address > -4096 ? NULL : (void *)address;
}

/* FD_CLOEXEC or 0; -EBADF when the number is free. */
static inline int raw_getfd(int fd)
{
    return (int)raw(fcntl, fd, F_GETFD);
}

/*
 * May 8 bytes be read there? A call that is given a bad pointer answers EFAULT, and must not die of our looking first. The
 * kernel copies the set before it judges `how` (rt_sigprocmask(2)), and changes nothing for one it does not know.
 */
static inline bool raw_readable(const void *address)
{
    return raw(rt_sigprocmask, -1, address, NULL, 8) != -EFAULT;
}

#endif
