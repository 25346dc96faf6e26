/*
 * Eighteen of twenty descriptors at one time: nothing has gone wrong yet.
 * EXPECT: limit-near count=1 birth=open_one
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static int open_one(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    int fds[20], opened = 0;
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){20, 20});
    while (opened == 0 || fds[opened - 1] < 18)
        if ((fds[opened++] = open_one()) < 0)
            return 1;
    while (opened > 0)
        close(fds[--opened]);
    return 0;
}
