/*
 * A system call that no library sees: for programs that do something where no tracer in the process can look. Answers as the
 * kernel does, -errno for a failure; errno stays. Arguments that a call does not take are 0.
 */
#ifndef TESTS_UNSEEN_H
#define TESTS_UNSEEN_H

#include <sys/syscall.h>

static inline long unseen(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__)
    long result;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
                  x3 __asm__("x3") = d, x4 __asm__("x4") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
#else
#error "say here how this machine makes a system call"
#endif
}

#endif
