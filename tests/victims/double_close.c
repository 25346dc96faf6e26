/*
 * Closed, and closed again by somebody else: both closes and the birth are told.
 * EXPECT: double-close count=1 birth=load death=tidy_first second-close=tidy_again
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

static int load(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "open");
    return fd;
}

static void tidy_first(int fd)
{
    close(fd);
}

static void tidy_again(int fd)
{
    close(fd);
}

int main(void)
{
    int fd = load();
    tidy_first(fd);
    tidy_again(fd);
    return 0;
}
