/*
 * A thread takes a table of its own along (unshare), closes there what the process has, twice, and opens others on the
 * numbers the process uses next. None of that is the process's doing, and what it closes itself is closed.
 * EXPECT: nothing
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static int held[4];
static pthread_barrier_t parted, done;

static void *part(void *unused)
{
    if (unshare(CLONE_FILES) != 0)
        abort();
    pthread_barrier_wait(&parted);
    for (int i = 0; i < 4; i++) {
        close(held[i]);
        close(held[i]); /* its own mistake, which only it could be told of */
    }
    int mine = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(mine);
    pthread_barrier_wait(&done);
    return unused;
}

int main(void)
{
    pthread_t thread;
    char byte;
    pthread_barrier_init(&parted, NULL, 2);
    pthread_barrier_init(&done, NULL, 2);
    for (int i = 0; i < 4; i++)
        held[i] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    pthread_create(&thread, NULL, part, NULL);
    pthread_barrier_wait(&parted);
    int late = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    pthread_barrier_wait(&done);
    for (int i = 0; i < 4; i++)
        if (read(held[i], &byte, 1) != 1 || close(held[i]) != 0)
            return 1;
    return close(late) != 0 || pthread_join(thread, NULL) != 0;
}
