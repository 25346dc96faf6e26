/* What it brings along has a mistake, which must not go unnoticed. */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>

FDTRACE_SUPPRESSIONS("[a]\nfames=main\n")

int main(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
}
