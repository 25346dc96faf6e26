/*
 * A loop over events goes on waiting for a connection that was closed: one dead number, and select hears of none of them.
 * EXPECT: use-after-close count=3 birth=main death=finish use=wait_for
 */
#include <fcntl.h>
#include <sys/select.h>
#include <unistd.h>

static void finish(int fd)
{
    close(fd);
}

static int wait_for(int live, int dead)
{
    struct timeval none = {0, 0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(live, &set);
    FD_SET(dead, &set);
    return select((live > dead ? live : dead) + 1, &set, NULL, NULL, &none);
}

int main(void)
{
    int live[2], connection[2], failed = 0;
    if (pipe2(live, O_CLOEXEC) != 0 || pipe2(connection, O_CLOEXEC) != 0)
        return 1;
    finish(connection[0]);
    for (int i = 0; i < 3; i++)
        failed += wait_for(live[0], connection[0]) < 0;
    close(connection[1]);
    close(live[0]);
    close(live[1]);
    return failed != 3;
}
