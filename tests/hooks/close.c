/* Rows of preload/wrap_close.c. */
#include "row.h"

#include <sys/syscall.h>

#define CLOSE_ROW(name, public)                                                                        \
    ROW(name)                                                                                          \
    {                                                                                                  \
        int fd = open("/dev/null", O_RDONLY);                                                          \
        MUST(name(fd) == 0 && name(fd) == -1 && errno == EBADF);                                       \
        puts("double-close: " public " of descriptor");                                                \
        MUST(name(-1) == -1 && errno == EBADF);                                                        \
    }

CLOSE_ROW(close, "close")
CLOSE_ROW(__close, "close")

ROW(mq_close)
{
    mqd_t queue = mq_open("/fdtrace-row", O_RDWR | O_CREAT, 0600, NULL);
    if (queue < 0)
        return;
    MUST(mq_close(queue) == 0 && mq_unlink("/fdtrace-row") == 0);
}

static void open_twenty(void)
{
    for (int i = 0; i < 20; i++)
        MUST(dup(1) >= 0);
    puts("opened by dup and still open");
}

ROW(close_range)
{
    open_twenty();
    MUST(close_range(5, 8, 0) == 0 && close_range(10, 12, CLOSE_RANGE_CLOEXEC) == 0);
    MUST(close_range(8, 5, 0) == -1 && errno == EINVAL);
    MUST(close_range(18, ~0u, 0) == 0);
}

ROW(closefrom)
{
    open_twenty();
    closefrom(9);
}
