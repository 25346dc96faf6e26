/*
 * Two threads believe that they own the same descriptor. A barrier puts one after the other.
 * EXPECT: double-close count=1 birth=main death=owner second-close=thief
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static pthread_barrier_t closed;
static int shared;

static void *owner(void *unused)
{
    close(shared);
    pthread_barrier_wait(&closed);
    return unused;
}

static void *thief(void *unused)
{
    pthread_barrier_wait(&closed);
    close(shared);
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    shared = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    pthread_barrier_init(&closed, NULL, 2);
    pthread_create(&threads[0], NULL, owner, NULL);
    pthread_create(&threads[1], NULL, thief, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
