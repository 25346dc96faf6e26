/*
 * Which numbers are open? A copy of each is tried, and closed again; or each is asked to do something harmless. Most were
 * never open, some have a past, some are open. Numbers that all have a past are asked too.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

static int count_open(int from, int to)
{
    int open = 0;
    for (int fd = from; fd != to; fd += from < to ? 1 : -1) {
        int copy = dup(fd);
        open += copy >= 0;
        if (copy >= 0)
            close(copy);
    }
    return open;
}

static int count_seekable(int end)
{
    int seekable = 0;
    for (int fd = 3; fd < end; fd++)
        seekable += lseek(fd, 0, SEEK_CUR) >= 0;
    return seekable;
}

int main(void)
{
    int fds[8];
    for (int i = 0; i < 8; i++)
        fds[i] = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 8; i += 3)
        close(fds[i]);
    int answers = count_open(3, 200) + count_open(199, 2) + count_seekable(200);
    for (int i = 0; i < 8; i++)
        if (i % 3 != 0)
            close(fds[i]);
    return answers != 15 || count_open(fds[2], fds[5]) != 0;
}
