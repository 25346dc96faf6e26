/*
 * When all is done the input is closed, too, as cat does.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    close(fd);
    close(0);
    return 0;
}
