/*
 * A descriptor is kept open, and dup2 puts another on its number: nobody hears of that close.
 * EXPECT: dup2-overwrite count=1 birth=keep overwrite=replace name=/etc/passwd
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

static int keep(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "open");
    return fd;
}

static void replace(int fd)
{
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (dup2(other, fd) != fd)
        err(1, "dup2");
    close(other);
}

int main(void)
{
    int fd = keep();
    replace(fd);
    close(fd);
    return 0;
}
