/*
 * Standard output is closed, and much later a file is opened: what the program prints goes into that file.
 * EXPECT: stdio-slot-reuse count=1 birth=open_data death=tidy name=/etc/passwd
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

static void tidy(int fd)
{
    close(fd);
}

static int open_data(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (fd != 1)
        errx(1, "it was given %d", fd);
    return fd;
}

int main(void)
{
    tidy(1);
    close(open_data());
    return 0;
}
