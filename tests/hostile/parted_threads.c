/*
 * Threads that take tables of their own along, by unshare and by close_range, and fork there. The process's table,
 * which only the others use from then on, is what the record is about.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 6

static int wrong;

static void *part(void *number)
{
    int status = -1, mine[20];
    int by_range = (long)number % 2;
    if ((by_range ? close_range(3, ~0U, CLOSE_RANGE_UNSHARE) : unshare(CLONE_FILES)) != 0)
        abort();
    for (int i = 0; i < 20; i++)
        mine[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t child = fork();
    if (child == 0)
        _exit(close(mine[0]) != 0 || open("/dev/null", O_RDONLY | O_CLOEXEC) != mine[0]);
    waitpid(child, &status, 0);
    for (int i = 0; i < 20; i += 2)
        if (close(mine[i]) != 0)
            wrong++;
    return (void *)(long)status;
}

int main(void)
{
    pthread_t threads[THREADS];
    void *status;
    for (int i = 0; i < 10; i++)
        open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, part, (void *)i);
    for (int i = 0; i < 10000; i++)
        close(open("/dev/null", O_RDONLY));
    for (int i = 0; i < THREADS; i++)
        if (pthread_join(threads[i], &status) != 0 || status != NULL)
            wrong++;
    printf("%d %d\n", wrong, open("/dev/null", O_RDONLY | O_CLOEXEC));
    return 0;
}
