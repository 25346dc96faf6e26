/* A function the dynamic linker does not know of: its one leak is excused all the same. */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>

const char *fdtrace_default_suppressions(void)
{
    return "leak-at-exit:main\n";
}

int main(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
}
