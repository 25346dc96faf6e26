/*
 * Brings its suppressions along: of three leaks, one is excused by a section, one by a function, and one by nothing.
 * LIBS: -rdynamic
 */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>

FDTRACE_SUPPRESSIONS("[section]\nrule=leak-at-exit\nframes=open_first\nreason=the section says so\n")

const char *fdtrace_default_suppressions(void)
{
    return "# by a function\nleak-at-exit:open_second\n";
}

static int open_first(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int open_second(void)
{
    return open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

static int open_third(void)
{
    return open("/dev/full", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    return open_first() < 0 || open_second() < 0 || open_third() < 0;
}
