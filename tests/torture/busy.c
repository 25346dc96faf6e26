/*
 * Four threads open and close without end and keep the slate (busy.h) named by the argument. tests/torture_test.c kills
 * it; should that fail, it ends by itself.
 * LIBS: -lpthread
 */
#include "busy.h"

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS    4
#define OPERATIONS 20000000
#define HELD       40

static struct slate *slate;

static int open_one(int dice)
{
    switch (dice % 4) {
    case 0: return open("/dev/null", O_RDONLY | O_CLOEXEC);
    case 1: return dup(0);
    case 2: return eventfd(0, EFD_CLOEXEC);
    default: return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
}

static void *worker(void *unused)
{
    int held[HELD];
    for (int i = 0; i < HELD; i++)
        held[i] = -1;
    for (int i = 0; i < OPERATIONS / THREADS; i++) {
        int *mine = &held[i % HELD];
        if (*mine >= 0) {
            __atomic_store_n(&slate->announced[*mine], 0, __ATOMIC_SEQ_CST);
            close(*mine);
        }
        *mine = open_one(i);
        if (*mine < 0 || *mine >= SLATE_NUMBERS)
            err(1, "open");
        __atomic_store_n(&slate->announced[*mine], 1, __ATOMIC_SEQ_CST);
        __atomic_add_fetch(&slate->operations, 1, __ATOMIC_RELAXED);
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    int fd = argc > 1 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        errx(2, "usage: busy SLATE");
    slate = mmap(NULL, sizeof(*slate), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (slate == MAP_FAILED)
        err(1, "%s", argv[1]);
    close(fd);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, worker, NULL) != 0)
            errx(1, "pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
