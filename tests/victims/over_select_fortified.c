/*
 * FD_SET of a fortified program is given a number no set has room for: libc ends the program, and the report says why.
 * EXPECT: over-select-limit count=1 birth=high use=wait_for
 * EXPECT: leak-at-exit birth=high
 * ENDS: 134
 * LIBS: -O1 -D_FORTIFY_SOURCE=2
 */
#include <err.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

static __attribute__((noinline)) int high(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max <= FD_SETSIZE + 10)
        errx(1, "the limit is too low for this test");
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int fd = fcntl(0, F_DUPFD_CLOEXEC, FD_SETSIZE);
    if (fd < 0)
        err(1, "fcntl");
    return fd;
}

static __attribute__((noinline)) int wait_for(int fd)
{
    struct timeval none = {0, 0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &none);
}

int main(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    return wait_for(high());
}
