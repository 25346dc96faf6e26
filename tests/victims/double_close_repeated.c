/*
 * The same mistake a hundred times is one finding.
 * EXPECT: double-close count=100 second-close=tidy_again
 */
#include <fcntl.h>
#include <unistd.h>

static void tidy_again(int fd)
{
    close(fd);
}

int main(void)
{
    for (int i = 0; i < 100; i++) {
        int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        close(fd);
        tidy_again(fd);
    }
    return 0;
}
