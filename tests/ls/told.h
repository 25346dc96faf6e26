/*
 * What the programs of this folder share: each does something to its descriptors, tells on standard output what
 * `fdtrace ls` must say about them, one "FD STATE KIND" a line, then "ready", and stays as it is until its input ends.
 */
#ifndef TESTS_LS_TOLD_H
#define TESTS_LS_TOLD_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A system call that no library sees. */
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
                  x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#else
#error "say here how this machine makes a system call"
#endif
}

static inline void tell(long fd, const char *state, const char *kind)
{
    if (fd < 0) {
        perror(kind);
        exit(1);
    }
    printf("%ld %s %s\n", fd, state, kind);
}

static inline void wait_for_the_end(void)
{
    char byte;
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
}

#endif
