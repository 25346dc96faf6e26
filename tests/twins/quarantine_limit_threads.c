/*
 * Four threads that together use every number they may have, and no more: with or without a quarantine nobody is refused one,
 * and everybody finds on it what it has put there.
 * EXPECT: nothing
 * OPTIONS: quarantine=1000:verify=1:limit_near=100
 * LIBS: -lpthread
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LIMIT = 64, THREADS = 4, HELD_MOST = 24, ROUNDS = 4000 };

static sem_t numbers; /* how many are free: one is taken before an open, and given back after a close */

struct mine {
    int fd;
    ino_t inode;
    FILE *stream;
};

static struct mine take(int round)
{
    struct mine mine = {0};
    struct stat status;
    if (round % 3 == 0) {
        mine.stream = fopen("/dev/null", "re");
        mine.fd = mine.stream != NULL ? fileno(mine.stream) : -1;
    } else {
        mine.fd = round % 3 == 1 ? memfd_create("mine", MFD_CLOEXEC) : open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    }
    if (mine.fd < 0 || fstat(mine.fd, &status) != 0)
        err(1, "refused");
    mine.inode = status.st_ino;
    return mine;
}

static void give_back(struct mine mine)
{
    struct stat status;
    if (fstat(mine.fd, &status) != 0 || status.st_ino != mine.inode)
        errx(1, "%d is somebody else's", mine.fd);
    if ((mine.stream != NULL ? fclose(mine.stream) : close(mine.fd)) != 0)
        err(1, "close");
    sem_post(&numbers);
}

/* Takes what there is until it has its fill or there is no more, then gives some of it back. */
static void *worker(void *number)
{
    struct mine held[HELD_MOST];
    unsigned seed = 1 + (unsigned)(long)number, count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        while (count < HELD_MOST && sem_trywait(&numbers) == 0)
            held[count++] = take(rand_r(&seed) % 3);
        for (unsigned keep = (unsigned)rand_r(&seed) % HELD_MOST; count > keep;) {
            unsigned index = (unsigned)rand_r(&seed) % count;
            struct mine one = held[index];
            held[index] = held[--count];
            give_back(one);
        }
    }
    while (count > 0)
        give_back(held[--count]);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    struct rlimit limit = {LIMIT, LIMIT};
    closefrom(3); /* what whoever started us had open */
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || sem_init(&numbers, 0, LIMIT - 3) != 0)
        err(1, "setrlimit");
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, worker, (void *)i) != 0)
            errx(1, "pthread_create");
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
