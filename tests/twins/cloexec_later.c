/*
 * The flag set by a later fcntl or ioctl is a flag set.
 * EXPECT: nothing
 * NEVER: missing-cloexec
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/etc/passwd", O_RDONLY);
    int other = open("/etc/passwd", O_RDONLY);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || ioctl(other, FIOCLEX) != 0)
        return 1;
    return close(fd) != 0 || close(other) != 0;
}
