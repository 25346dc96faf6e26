/*
 * Four threads fork, vfork and spawn at once while others open and close; children close everything and leave.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include "torture/scale.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int finished;

static pid_t start_child(int round)
{
    pid_t child;
    char *words[] = {"true", NULL};
    if (round % 3 == 2)
        return posix_spawnp(&child, "true", NULL, NULL, words, environ) == 0 ? child : -1;
    child = round % 3 == 0 ? fork() : vfork();
    if (child == 0) {
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        _exit(0);
    }
    return child;
}

static void *forker(void *unused)
{
    for (int round = 0; round < torture_scale(25, 500); round++) {
        int status = -1;
        pid_t child = start_child(round);
        if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
            __atomic_add_fetch(&finished, 1, __ATOMIC_RELAXED);
    }
    return unused;
}

static void *opener(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || close(fd) != 0)
            abort();
    }
    return NULL;
}

int main(void)
{
    int stop = 0;
    pthread_t forkers[4], openers[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&openers[i], NULL, opener, &stop);
    for (int i = 0; i < 4; i++)
        pthread_create(&forkers[i], NULL, forker, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(forkers[i], NULL);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(openers[i], NULL);
    printf("%d\n", finished);
    return 0;
}
