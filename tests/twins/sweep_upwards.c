/*
 * The loop that daemons run before they settle: most numbers were never open, some have a past.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int fds[5];
    for (int i = 0; i < 5; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 5; i += 2)
        close(fds[i]);
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    /* And once more: now every number of the five has a past. */
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    return 0;
}
