/* Rows of preload/wrap_dup.c. */
#include "row.h"

ROW(dup)
{
    int fd = kept("open", open("/dev/null", O_RDONLY | O_CLOEXEC));
    kept("dup", dup(fd));
    misused("dup", dup(stale()));
}

/* Onto a free number, onto a live one, onto itself (nothing changes), from a dead one (the target lives on). */
#define DUP2_ROW(name)                                                                                 \
    ROW(name)                                                                                          \
    {                                                                                                  \
        int fd = kept("open", open("/dev/null", O_RDONLY | O_CLOEXEC));                                \
        int live = kept("open", open("/", O_RDONLY | O_CLOEXEC)), spare = kept("open", open("/", O_RDONLY)); \
        MUST(name(fd, 100) == 100 && name(fd, spare) == spare && name(fd, fd) == fd);                  \
        puts("opened by dup2 and still open");                                                         \
        misused("dup2", name(stale(), live));                                                          \
    }

DUP2_ROW(dup2)
DUP2_ROW(__dup2)

ROW(dup3)
{
    int fd = kept("open", open("/dev/null", O_RDONLY | O_CLOEXEC));
    int live = kept("open", open("/", O_RDONLY));
    MUST(dup3(fd, 100, 0) == 100 && dup3(fd, 101, O_CLOEXEC) == 101 && dup3(100, live, O_CLOEXEC) == live);
    puts("opened by dup3 and still open");
    MUST(dup3(fd, fd, 0) == -1 && errno == EINVAL);
    misused("dup3", dup3(stale(), live, 0));
}
