/*
 * A thread ends the process by _exit while three others open and close without end: what they have in hand is no
 * difference.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include "torture/scale.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void *opener(void *unused)
{
    for (;;) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            close(fd);
    }
    return unused;
}

static void *ender(void *unused)
{
    for (int i = 0; i < 100; i++)
        close(dup(0));
    _exit(7);
    return unused;
}

int main(void)
{
    int right = 0, rounds = torture_scale(20, 500);
    for (int round = 0; round < rounds; round++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            for (int i = 0; i < 4; i++)
                pthread_create(&thread, NULL, i < 3 ? opener : ender, NULL);
            for (;;)
                pause();
        }
        right += child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
    }
    printf("%d\n", right);
    return 0;
}
