/*
 * dup2 onto a number that is free, onto one that was closed before, onto itself, and onto standard output.
 * EXPECT: nothing
 * NEVER: dup2-overwrite
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int other = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    close(other);
    if (dup2(fd, 20) != 20 || dup2(fd, other) != other || dup2(fd, fd) != fd || dup2(fd, 1) != 1)
        err(1, "dup2");
    close(20);
    close(other);
    close(fd);
    return 0;
}
