/* What both storms share: the dice, the ways to open, the handler at 10 kHz, the threads. On a slow machine, less. */
#ifndef FDTRACE_STORM_H
#define FDTRACE_STORM_H

#include "torture/scale.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define THREADS 8

static int operations; /* of each thread */

/* xorshift32 (Marsaglia): each thread its own state, each run the same dice. */
static unsigned next_random(unsigned *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static int open_one(unsigned *random)
{
    unsigned dice = next_random(random);
    int cloexec = (dice & 16) != 0;
    switch (dice % 4) {
    case 0: return open("/dev/null", O_RDONLY | (cloexec ? O_CLOEXEC : 0));
    case 1: return dup(0);
    case 2: return eventfd(0, cloexec ? EFD_CLOEXEC : 0);
    default: return socket(AF_UNIX, SOCK_STREAM | (cloexec ? SOCK_CLOEXEC : 0), 0);
    }
}

static void handler(int signal)
{
    (void)signal;
    int fd = dup(0);
    close(fd);
}

static int storm(void *(*worker)(void *))
{
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    operations = torture_scale(1000000, 10000000) / THREADS / machine_slowness();
    /* Sweeps and stale closes may leave thousands behind; the limit keeps the run the same on every machine. */
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){1024, 1024});
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_RESTART}, NULL);
    struct timeval pause = {0, 100 * machine_slowness()};
    setitimer(ITIMER_REAL, &(struct itimerval){pause, pause}, NULL);
    for (int i = 0; i < THREADS; i++) {
        seeds[i] = 2463534242u + (unsigned)i * 7919u;
        if (pthread_create(&threads[i], NULL, worker, &seeds[i]) != 0)
            return 1;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    signal(SIGALRM, SIG_IGN);
    puts("calm");
    return 0;
}

#endif
