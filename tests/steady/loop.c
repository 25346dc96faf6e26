/* A loop over the everyday calls, as often as its argument says: tests/steady_test.c counts the system calls it makes. */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void one_round(void)
{
    char byte;
    int ends[2];
    int fd = open("/dev/zero", O_RDWR | O_CLOEXEC), copy = dup(fd);
    FILE *file = fopen("/dev/null", "re");
    int event = eventfd(0, EFD_CLOEXEC), channel = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || copy < 0 || file == NULL || event < 0 || channel < 0 || pipe2(ends, O_CLOEXEC) != 0)
        err(1, "round");
    if (read(fd, &byte, 1) != 1 || write(copy, &byte, 1) != 1 || fcntl(channel, F_SETFD, FD_CLOEXEC) != 0 ||
        dup2(ends[0], event) != event)
        err(1, "use");
    close(ends[0]);
    close(ends[1]);
    close(event);
    close(channel);
    close(copy);
    close(fd);
    fclose(file);
}

int main(int argc, char **argv)
{
    for (int round = argc > 1 ? atoi(argv[1]) : 1; round > 0; round--)
        one_round();
    return 0;
}
