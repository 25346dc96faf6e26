/*
 * select with the greatest bound there is, which may be an open number, and with the last number that fits: no number beyond
 * the set is used.
 * EXPECT: nothing
 */
#include <err.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

static fd_set sets[1024];

int main(void)
{
    struct timeval none = {0, 0};
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        err(1, "getrlimit");
    limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &limit);
    int fd = dup2(0, FD_SETSIZE - 1);
    if (fd >= 0 && select(fd + 1, sets, NULL, NULL, &none) < 0)
        err(1, "select");
    if (select((int)limit.rlim_cur, sets, NULL, NULL, &none) < 0)
        err(1, "select");
    int last = dup2(0, (int)limit.rlim_cur - 1);
    if (last >= 0 && select(last + 1, sets, NULL, NULL, &none) < 0)
        err(1, "select");
    close(last);
    close(fd);
    return 0;
}
