/*
 * Eight threads open and close all the time while the main thread forks: each child's table is the kernel's as of the
 * fork, whatever the parent's threads did meanwhile. A child is its own judge (fdtrace_verify), since only it can look.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include "fdtrace/fdtrace.h"

#include "torture/scale.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPENERS 8

static int stop;

static void *opener(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), ends[2];
        int copy = fd >= 0 ? dup(fd) : -1;
        if (copy < 0 || pipe(ends) != 0 || close(fd) != 0 || close(ends[0]) != 0 || close(copy) != 0 || close(ends[1]) != 0)
            abort();
    }
    return unused;
}

/* Its words are not for our standard error, which must be the same with and without. */
static int verify(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    return null < 0 || dup2(null, STDERR_FILENO) < 0 || close(null) != 0 || fdtrace_verify() != 0;
}

int main(void)
{
    pthread_t openers[OPENERS];
    int right = 0, forks = torture_scale(16, 500);
    for (int i = 0; i < OPENERS; i++)
        if (pthread_create(&openers[i], NULL, opener, NULL) != 0)
            return 1;
    for (int i = 0; i < forks; i++) {
        int status = -1;
        pid_t child = i % 2 == 0 ? fork() : _Fork();
        if (child == 0)
            _exit(fdtrace_verify != NULL ? verify() : 0);
        right += child > 0 && waitpid(child, &status, 0) == child && status == 0;
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < OPENERS; i++)
        pthread_join(openers[i], NULL);
    printf("%d children agree with the kernel\n", right);
    return 0;
}
