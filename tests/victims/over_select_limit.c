/*
 * select on a number that no fd_set has room for. (The set here is great enough, so that the program survives it.)
 * EXPECT: over-select-limit count=1 birth=high use=wait_for
 * EXPECT: missing-cloexec
 */
#include <err.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

static fd_set sets[2];

static int high(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max <= FD_SETSIZE + 10)
        errx(1, "the limit is too low for this test");
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int fd = dup2(0, FD_SETSIZE + 7);
    if (fd < 0)
        err(1, "dup2");
    return fd;
}

static void wait_for(int fd)
{
    struct timeval none = {0, 0};
    ((unsigned long *)sets)[fd / NFDBITS] |= 1UL << fd % NFDBITS; /* a fortified FD_SET would end the program */
    if (select(fd + 1, sets, NULL, NULL, &none) < 0)
        err(1, "select");
}

int main(void)
{
    int fd = high();
    wait_for(fd);
    close(fd);
    return 0;
}
