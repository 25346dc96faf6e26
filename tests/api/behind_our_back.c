/* A descriptor closed where no tracer can look is no leak: the kernel is asked before anybody is accused. */
#include "fdtrace/fdtrace.h"
#include "unseen.h"

#include <fcntl.h>

int main(void)
{
    fdtrace_mark_t mark = fdtrace_mark();
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fdtrace_leaks_since(mark) != 1)
        return 1;
    unseen(SYS_close, fd, 0, 0, 0);
    return fdtrace_leaks_since(mark) == 0 && fdtrace_check(mark) == 0 ? 0 : 2;
}
