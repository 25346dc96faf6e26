/*
 * Two threads open, close and hand descriptors over, the same numbers all the time: nobody finds anything gone.
 * EXPECT: nothing
 * LIBS: -lpthread
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_barrier_t turn;

static void next(void)
{
    pthread_barrier_wait(&turn);
}

static int handed;

static void drop(int fd)
{
    close(fd);
}

static void *worker(void *unused)
{
    for (int i = 0; i < 100; i++) {
        drop(open("/etc/passwd", O_RDONLY | O_CLOEXEC)); /* its own */
        next();
        next();
        drop(handed); /* the other one's, given to it */
        next();
    }
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&turn, NULL, 2);
    pthread_create(&thread, NULL, worker, NULL);
    for (int i = 0; i < 100; i++) {
        next();
        handed = open("/dev/null", O_WRONLY | O_CLOEXEC);
        next();
        next();
    }
    return pthread_join(thread, NULL);
}
