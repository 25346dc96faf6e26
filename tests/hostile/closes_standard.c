/*
 * Without 0, 1 and 2 the next opens are given those numbers; whoever writes to "standard error" then writes into them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    struct stat about;
    int out = fcntl(1, F_DUPFD_CLOEXEC, 10);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    for (int fd = 0; fd < 3; fd++)
        dprintf(out, "%d\n", open("/tmp", O_TMPFILE | O_RDWR, 0600));
    for (int i = 0; i < 50; i++)
        close(open("/dev/null", O_RDONLY));
    close(77);
    for (int fd = 0; fd < 3; fd++)
        dprintf(out, "%ld\n", fstat(fd, &about) == 0 ? (long)about.st_size : -1L);
    return 0;
}
