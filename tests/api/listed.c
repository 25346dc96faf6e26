/* Labels a descriptor, then has itself listed by the command in $LISTING, which is told our number as $0. */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char number[16];
    int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC), status;
    fdtrace_label(fd, "the name of the house");
    snprintf(number, sizeof(number), "%d", (int)getpid());
    pid_t child = fork();
    if (child == 0) {
        unsetenv("LD_PRELOAD");
        execl("/bin/sh", "sh", "-c", getenv("LISTING"), number, NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child ? status : 1;
}
