/*
 * EBADF on a live number says "not open for reading", and nothing about its past.
 * EXPECT: nothing
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    char byte;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fd);
    fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (read(fd, &byte, 1) != -1 || errno != EBADF)
        return 1;
    return close(fd);
}
