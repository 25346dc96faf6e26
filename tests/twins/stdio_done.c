/*
 * When all is read the input is closed, too, as cat does.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    char bytes[64];
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    close(fd);
    while (read(0, bytes, sizeof(bytes)) > 0)
        ;
    close(0);
    return 0;
}
