/*
 * What one thread opens another one replaces, by dup2 and on purpose, the same number again and again; in the end it closes
 * it, too. Nobody misses anything. And a thread that closes what it was given, and had the number before itself.
 * EXPECT: nothing
 * LIBS: -lpthread
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_barrier_t turn;
static int handed;

static void next(void)
{
    pthread_barrier_wait(&turn);
}

static void *replaces(void *unused)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 50; i++) {
        next();
        next(); /* it is open */
        if (dup3(fd, handed, O_CLOEXEC) != handed)
            err(1, "dup3");
        next(); /* it is used */
        next();
        close(handed);
    }
    close(fd);
    return unused;
}

int main(void)
{
    pthread_t thread;
    char byte;
    pthread_barrier_init(&turn, NULL, 2);
    pthread_create(&thread, NULL, replaces, NULL);
    for (int i = 0; i < 50; i++) {
        next();
        handed = open("/dev/null", O_RDONLY | O_CLOEXEC);
        next();
        next();
        if (pread(handed, &byte, 1, 0) != 1)
            err(1, "pread");
        next();
    }
    return pthread_join(thread, NULL);
}
