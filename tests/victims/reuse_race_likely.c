/*
 * One thread closes its descriptor twice, in two places. In between another one was given the number, and finds it gone: the
 * second place may have meant something else, so this is what is likely.
 * EXPECT: reuse-race severity=warning count=1 victim-birth=receive second-close=clean_up birth=load death=drop use=answer
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

static void clean_up(int fd)
{
    close(fd);
}

static void *culprit(void *unused)
{
    int fd = load();
    drop(fd);
    next(); /* the other one opens, */
    next(); /* and has opened */
    clean_up(fd);
    next();
    return unused;
}

static int receive(void)
{
    return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static void answer(int fd)
{
    if (write(fd, "x", 1) == 1)
        errx(1, "it is still open");
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&turn, NULL, 2);
    pthread_create(&thread, NULL, culprit, NULL);
    next();
    int fd = receive();
    next();
    next(); /* closed again */
    answer(fd);
    return pthread_join(thread, NULL);
}
