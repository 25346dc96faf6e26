/* The functions of fdtrace.h. */
#include "fdtrace/fdtrace.h"

#include "gate.h"
#include "table.h"
#include "verify.h"

#include <unistd.h>

EXPORT const char *fdtrace_version(void)
{
    return FDTRACE_VERSION;
}

EXPORT int fdtrace_ignore(int fd)
{
    struct fdt_slot *slot = gate_enter() ? table_peek(fd) : NULL;
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    while (word & FDT_LIVE)
        if (table_swap(slot, &word, table_next(word, FDT_IGNORED, 0)))
            return 0;
    return -1;
}

EXPORT int fdtrace_verify(void)
{
    int saved = errno;
    int differences = gate_enter() ? verify_table(STDERR_FILENO) : -1;
    errno = saved;
    return differences;
}
