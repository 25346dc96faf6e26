/*
 * A fork no library can see: its child closes everything, and the parent's record must not notice.
 * VERIFY: yes
 */
#include "unseen.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t known_fork(int way)
{
    switch (way) {
    case 0: return (pid_t)unseen(SYS_clone, SIGCHLD, 0, 0, 0);
    case 1: return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    case 2: return _Fork();
    default: return fork();
    }
}

int main(void)
{
    int fds[20], status = 0;
    for (int i = 0; i < 20; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int way = 0; way < 4; way++) {
        pid_t child = known_fork(way);
        if (child == 0) {
            for (int fd = 3; fd < 200; fd++)
                close(fd);
            for (int i = 0; i < 30; i++)
                dup(0);
            _exit(way);
        }
        if (waitpid(child, &status, 0) != child)
            return 1;
        printf("%d %d\n", way, WEXITSTATUS(status));
        fflush(stdout);
    }
    for (int i = 0; i < 19; i++)
        if (close(fds[i]) != 0)
            return 2;
    return 0;
}
