/*
 * A fortified program asks about the greatest number that fits; and a greater one is looked at, and goes to poll.
 * EXPECT: nothing
 * LIBS: -O1 -D_FORTIFY_SOURCE=2
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

static __attribute__((noinline)) int wait_for(int fd)
{
    struct timeval none = {0, 0};
    fd_set set;
    if (fd >= FD_SETSIZE)
        return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0);
    FD_ZERO(&set);
    FD_SET(fd, &set);
    if (!FD_ISSET(fd, &set))
        errx(1, "it is not in the set");
    FD_CLR(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &none);
}

int main(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        err(1, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int fits = fcntl(0, F_DUPFD_CLOEXEC, FD_SETSIZE - 1), over = fcntl(0, F_DUPFD_CLOEXEC, FD_SETSIZE);
    if (fits != FD_SETSIZE - 1 || wait_for(fits) < 0 || (over >= 0 && wait_for(over) < 0))
        err(1, "a wait failed");
    close(fits);
    close(over);
    return 0;
}
