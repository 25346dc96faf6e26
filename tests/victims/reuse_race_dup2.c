/*
 * A thread duplicates onto a number it has had, and has closed: meanwhile it belongs to another one, which finds it gone when
 * the copy is closed.
 * EXPECT: reuse-race severity=warning count=1 victim-birth=receive second-close=redirect birth=redirect death=drop use=answer
 * NEVER: dup2-overwrite
 * LIBS: -lpthread
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_barrier_t turn;
static int target;

static void next(void)
{
    pthread_barrier_wait(&turn);
}

static void redirect(int fd)
{
    if (dup3(fd, target, O_CLOEXEC) != target)
        err(1, "dup3");
}

static void drop(int fd)
{
    close(fd);
}

static void *culprit(void *unused)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    target = fd + 1;
    redirect(fd);
    drop(target);
    next(); /* the other one opens, */
    next(); /* and has opened */
    redirect(fd);
    drop(target);
    next();
    close(fd);
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
    if (fd != target)
        errx(1, "the number was not given out again");
    next();
    next(); /* overwritten, and closed */
    answer(fd);
    return pthread_join(thread, NULL);
}
