/*
 * Two threads believe that they own the same descriptor. Each has a name: one gave it to itself before it did
 * anything, the other is named by main when its first call is made already.
 * EXPECT: double-close count=1 birth=main death=owner second-close=thief
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static pthread_barrier_t turn;
static int shared;

static void next(void)
{
    pthread_barrier_wait(&turn);
}

static void *owner(void *unused)
{
    close(open("/dev/null", O_RDONLY | O_CLOEXEC)); /* its first calls, before it has a name */
    next();
    next(); /* main has named it */
    close(shared);
    next();
    next();
    return unused;
}

static void *thief(void *unused)
{
    pthread_setname_np(pthread_self(), "thief \"\033[1m\"");
    next();
    next();
    next();
    close(shared);
    next();
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    shared = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    pthread_barrier_init(&turn, NULL, 3);
    pthread_create(&threads[0], NULL, owner, NULL);
    pthread_create(&threads[1], NULL, thief, NULL);
    next();
    pthread_setname_np(threads[0], "owner-1");
    next();
    next();
    next();
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
