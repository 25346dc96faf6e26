/*
 * Between the two closes of one thread the number had another owner, who did everything right: it is not the one to be named.
 * EXPECT: double-close count=1 birth=load death=drop second-close=drop_again
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

static int load(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static void drop(int fd)
{
    close(fd);
}

static void drop_again(int fd)
{
    close(fd);
}

static void *innocent(void *unused)
{
    next();
    close(open("/dev/null", O_WRONLY | O_CLOEXEC));
    next();
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&turn, NULL, 2);
    pthread_create(&thread, NULL, innocent, NULL);
    int fd = load();
    drop(fd);
    next();
    next();
    drop_again(fd);
    return pthread_join(thread, NULL);
}
