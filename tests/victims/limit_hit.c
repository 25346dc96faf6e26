/*
 * Out of descriptors: the failing call is told. Everything is closed in the end, so nothing else is.
 * EXPECT: limit-hit count=3 limit=open_one
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static int open_one(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    int opened = 0, refused = 0;
    int fds[64];
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){20, 20});
    while (refused < 3) {
        int fd = open_one();
        if (fd >= 0)
            fds[opened++] = fd;
        else if (errno == EMFILE)
            refused++;
        else
            return 1;
    }
    while (opened > 0)
        close(fds[--opened]);
    return 0;
}
