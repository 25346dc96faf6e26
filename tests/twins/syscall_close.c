/*
 * Opened by a function, closed through syscall(), and the other way round.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (syscall(SYS_close, fd) != 0)
        return 1;
    fd = (int)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC, 0);
    return close(fd);
}
