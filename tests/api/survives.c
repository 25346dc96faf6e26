/* A check that finds something tells it and lets the program go on. */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_out(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fdtrace_label(fd, "the upstream");
    return fd;
}

int main(void)
{
    int old = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    fdtrace_mark_t mark = fdtrace_mark();
    int fd = connect_out();
    printf("%d\n", fdtrace_check(mark));
    close(fd);
    printf("%d\n", fdtrace_check(mark));
    close(old);
    return 0;
}
