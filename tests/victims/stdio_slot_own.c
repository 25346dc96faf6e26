/*
 * The number of standard input is closed by mistake, and in the same breath the program opens a file for itself: no program
 * it starts is to have it, so it was not meant to be the input.
 * EXPECT: stdio-slot-reuse severity=warning count=1 birth=main death=main name=/etc/passwd
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    close(0);
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return fd != 0 || close(fd) != 0;
}
