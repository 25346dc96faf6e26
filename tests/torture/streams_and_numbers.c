/*
 * Threads that open and close streams and plain numbers, each its own: streams_and_numbers ROUNDS. When all have ended, which is
 * the end of a round, the table must equal the kernel's. Says how often it did not.
 */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 5, CLOSES = 10000 };

static void *streams(void *unused)
{
    for (int i = 0; i < CLOSES; i++) {
        FILE *file = fopen("/dev/null", "re");
        if (file != NULL)
            fclose(file);
    }
    return unused;
}

static void *numbers(void *unused)
{
    for (int i = 0; i < CLOSES; i++)
        close(open("/dev/null", O_RDONLY | O_CLOEXEC));
    return unused;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1, differences = 0;
    for (int i = 0; i < rounds; i++) {
        pthread_t threads[THREADS];
        for (int j = 0; j < THREADS; j++)
            if (pthread_create(&threads[j], NULL, j % 2 == 0 ? streams : numbers, NULL) != 0)
                return 1;
        for (int j = 0; j < THREADS; j++)
            pthread_join(threads[j], NULL);
        differences += fdtrace_verify() != 0;
    }
    printf("%d differences\n", differences);
    return 0;
}
