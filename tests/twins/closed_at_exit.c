/*
 * Closed by an exit handler, a destructor and a thread-specific one: after those comes the report.
 * EXPECT: nothing
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static int by_handler, by_destructor;

static void finish(void)
{
    close(by_handler);
}

__attribute__((destructor)) static void tidy(void)
{
    close(by_destructor);
}

static void finish_specific(void *fd)
{
    close((int)(intptr_t)fd);
}

static void *worker(void *key)
{
    pthread_setspecific(*(pthread_key_t *)key, (void *)(intptr_t)open("/dev/null", O_RDONLY | O_CLOEXEC));
    return NULL;
}

int main(void)
{
    pthread_t thread;
    pthread_key_t key;
    by_handler = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    by_destructor = open("/etc/group", O_RDONLY | O_CLOEXEC);
    if (atexit(finish) != 0 || pthread_key_create(&key, finish_specific) != 0 ||
        pthread_create(&thread, NULL, worker, &key) != 0)
        return 1;
    return pthread_join(thread, NULL);
}
