/* A function that nobody could call, and whose answer cannot be read without calling it: that is said. */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>
#include <stdlib.h>

const char *fdtrace_default_suppressions(void)
{
    return getenv("PATH");
}

int main(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
}
