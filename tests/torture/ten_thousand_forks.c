/*
 * Ten thousand forks in a loop. Every tenth child opens, duplicates and closes before it leaves; the rest leave at once.
 */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS 10000

static int child_of(int round, int held)
{
    if (round % 10 != 0)
        return 0;
    int fd = open("/dev/null", O_RDONLY), copy = dup(held);
    return fd < 0 || copy < 0 || close(fd) != 0 || close(held) != 0 || close(copy) != 0;
}

int main(void)
{
    int held = open("/dev/null", O_RDONLY | O_CLOEXEC), right = 0;
    for (int round = 0; round < FORKS; round++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0)
            _exit(child_of(round, held));
        right += child > 0 && waitpid(child, &status, 0) == child && status == 0;
    }
    printf("%d children ended well, and ours is %s\n", right, fcntl(held, F_GETFD) >= 0 ? "open" : "closed");
    FDTRACE_CALL(fdtrace_verify());
    return close(held) != 0;
}
