/*
 * Everything that leaks in tests/victims, closed by the call that owns it.
 * EXPECT: nothing
 * NEVER: missing-cloexec
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void finish(int fd)
{
    if (fd < 0 || close(fd) != 0)
        err(1, "close");
}

static void finish_pair(const int *ends)
{
    finish(ends[0]);
    finish(ends[1]);
}

int main(void)
{
    int ends[2];
    FILE *file = fopen("/etc/passwd", "re");
    DIR *folder = opendir("/etc");
    if (file == NULL || folder == NULL || readdir(folder) == NULL || fgetc(file) == EOF)
        return 1;
    fclose(file);
    closedir(folder);
    finish(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    finish(epoll_create1(EPOLL_CLOEXEC));
    finish(eventfd(0, EFD_CLOEXEC));
    finish(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    finish(memfd_create("scratch", MFD_CLOEXEC));
    finish(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (pipe2(ends, O_CLOEXEC) == 0)
        finish_pair(ends);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0)
        finish_pair(ends);
    return 0;
}
