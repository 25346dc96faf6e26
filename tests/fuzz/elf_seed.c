/* The library the elf target starts from. */
#include "fdtrace/fdtrace.h"

FDTRACE_SUPPRESSIONS("leak-at-exit:open_log");

static inline __attribute__((always_inline)) int doubled(int number)
{
    return 2 * number;
}

int open_log(int number)
{
    return doubled(number) + 1;
}

const char *fdtrace_default_suppressions(void)
{
    return "leak-at-exit:main";
}
