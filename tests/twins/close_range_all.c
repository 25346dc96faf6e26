/*
 * One call closes all of them, live ones and dead ones alike.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int fds[5];
    for (int i = 0; i < 5; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fds[2]);
    return close_range(3, ~0U, 0);
}
