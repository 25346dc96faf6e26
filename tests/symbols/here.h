/*
 * How a program foretells what its own stack is to be called. Each call of here() prints a line
 *
 *     OFFSET FUNCTION:LINE...          (separated by tabs)
 *
 * OFFSET is here()'s return address as the ELF file counts it; then come the frames it stands for, innermost first. A
 * function that will be inlined is handed the trail of its callers: AT("name") is one step of it.
 */
#ifndef FDTRACE_TESTS_HERE_H
#define FDTRACE_TESTS_HERE_H

#include <link.h>
#include <stddef.h>
#include <stdio.h>

struct trail {
    const char *step;
    const struct trail *outer;
};

#define HERE_TEXT(number) #number
#define HERE_LINE(number) HERE_TEXT(number)
#define AT(function) function ":" HERE_LINE(__LINE__)

/* The program itself is the first module listed. */
static inline int here_bias(struct dl_phdr_info *info, size_t size, void *bias)
{
    (void)size;
    *(unsigned long *)bias = info->dlpi_addr;
    return 1;
}

__attribute__((noinline, unused)) static void here(const char *step, const struct trail *outer)
{
    unsigned long bias = 0;
    dl_iterate_phdr(here_bias, &bias);
    printf("%lx\t%s", (unsigned long)__builtin_return_address(0) - bias, step);
    for (; outer != NULL; outer = outer->outer)
        printf("\t%s", outer->step);
    putchar('\n');
}

#endif
