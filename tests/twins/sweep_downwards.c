/*
 * The same loop, downwards, as getdtablesize users write it.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int fds[5];
    for (int i = 0; i < 5; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fds[1]);
    close(fds[2]);
    close(fds[3]);
    for (int fd = 1023; fd > 2; fd--)
        close(fd);
    return 0;
}
