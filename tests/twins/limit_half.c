/*
 * Half of what the limit allows; and far more, but before the limit was lowered.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static int hold(int fds[], int count)
{
    for (int i = 0; i < count; i++)
        if ((fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
            return 1;
    for (int i = 0; i < count; i++)
        close(fds[i]);
    return 0;
}

int main(void)
{
    int fds[40];
    if (hold(fds, 40) != 0 || setrlimit(RLIMIT_NOFILE, &(struct rlimit){30, 30}) != 0)
        return 1;
    return hold(fds, 10);
}
