/*
 * Threads that close one number at once while a third is given numbers: stale_closes ROUNDS. Whose descriptor it costs is the
 * program's bug, and no two rounds end alike, but after each round the table must equal the kernel's. Says how often it did not.
 */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { GIVEN = 4, DAWDLE_MOST = 300 };

static pthread_barrier_t begin, end;
static int rounds, shared, given[GIVEN];

static void dawdle(unsigned *seed)
{
    for (volatile int i = rand_r(seed) % DAWDLE_MOST; i > 0; i--)
        ;
}

static void *owner(void *unused)
{
    for (int i = 0; i < rounds; i++) {
        pthread_barrier_wait(&begin);
        close(shared);
        pthread_barrier_wait(&end);
    }
    return unused;
}

static void *stale(void *unused)
{
    unsigned seed = 1;
    for (int i = 0; i < rounds; i++) {
        pthread_barrier_wait(&begin);
        dawdle(&seed);
        close(shared);
        pthread_barrier_wait(&end);
    }
    return unused;
}

static void *newcomer(void *unused)
{
    unsigned seed = 2;
    for (int i = 0; i < rounds; i++) {
        pthread_barrier_wait(&begin);
        dawdle(&seed);
        for (int j = 0; j < GIVEN; j++)
            given[j] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        pthread_barrier_wait(&end);
    }
    return unused;
}

int main(int argc, char **argv)
{
    void *(*const works[])(void *) = {owner, stale, newcomer};
    pthread_t threads[3];
    int differences = 0;
    rounds = argc > 1 ? atoi(argv[1]) : 1;
    pthread_barrier_init(&begin, NULL, 4);
    pthread_barrier_init(&end, NULL, 4);
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, works[i], NULL) != 0)
            return 1;
    for (int i = 0; i < rounds; i++) {
        shared = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        pthread_barrier_wait(&begin);
        pthread_barrier_wait(&end);
        differences += fdtrace_verify() != 0;
        for (int j = 0; j < GIVEN; j++)
            close(given[j]);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    printf("%d differences\n", differences);
    return 0;
}
