/*
 * Close to the limit and never over it; other errors of an open are everyday life.
 * EXPECT: nothing
 * OPTIONS: limit_near=100
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    int fds[17];
    rlim_t first = (rlim_t)dup(0);
    close((int)first);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){first + 17, first + 17});
    for (int i = 0; i < 17; i++)
        if ((fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
            return 1;
    if (close(fds[16]) != 0 || open("/no/such/file", O_RDONLY) >= 0 || open("/etc", O_WRONLY) >= 0)
        return 2;
    for (int i = 0; i < 16; i++)
        close(fds[i]);
    return 0;
}
