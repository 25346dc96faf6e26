/*
 * A stream loses its number to a close; another thread is given the number; then the stream is ended, and takes it along.
 * Whoever is robbed is told EBADF twice for it, and has done nothing wrong.
 * EXPECT: reuse-race severity=error count=1 victim-birth=receive second-close=finish birth=load death=rob
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

static FILE *load(void)
{
    FILE *file = fopen("/etc/passwd", "re");
    if (file == NULL)
        err(1, "fopen");
    return file;
}

static void rob(FILE *file)
{
    close(fileno(file));
}

static void finish(FILE *file)
{
    fclose(file);
}

static int receive(void)
{
    return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static void *victim(void *unused)
{
    char byte = 0;
    next();
    int fd = receive();
    next();
    next();
    if (write(fd, &byte, 1) >= 0 || close(fd) == 0)
        errx(1, "nobody robbed us");
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&turn, NULL, 2);
    pthread_create(&thread, NULL, victim, NULL);
    FILE *file = load();
    rob(file);
    next();
    next();
    finish(file);
    next();
    return pthread_join(thread, NULL);
}
