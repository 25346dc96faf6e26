/*
 * Two hundred held at once and closed in another order than they were opened.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int fds[200];
    for (int i = 0; i < 200; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 200; i++)
        close(fds[(i * 7) % 200]);
    return 0;
}
