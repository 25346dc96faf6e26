/*
 * A stale close in one thread, of a number that another thread is given at once: bare, it closes that thread's file, and says
 * nothing. With the number in quarantine it fails, is told where it happens, and the other thread keeps its file.
 * EXPECT: double-close count=1 birth=main death=owner second-close=thief
 * OPTIONS: quarantine=16
 * LIBS: -lpthread
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static pthread_barrier_t turn;
static int shared;

static void *owner(void *unused)
{
    close(shared);
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
    return unused;
}

static void *thief(void *unused)
{
    pthread_barrier_wait(&turn);
    int innocent = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
    char byte;
    if (close(shared) != -1 || errno != EBADF)
        errx(1, "the stale close succeeded");
    if (read(innocent, &byte, 1) != 1 || close(innocent) != 0)
        errx(1, "the stale close has hit another file");
    pthread_barrier_wait(&turn);
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    shared = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    pthread_barrier_init(&turn, NULL, 2);
    pthread_create(&threads[0], NULL, owner, NULL);
    pthread_create(&threads[1], NULL, thief, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
