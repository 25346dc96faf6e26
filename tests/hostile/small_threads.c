/*
 * Threads with stacks of 32 KiB, thread-local storage of every library included.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *worker(void *done)
{
    int ends[2];
    for (int i = 0; i < 100; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (pipe2(ends, O_CLOEXEC) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0 && close(fd) == 0)
            __atomic_add_fetch((int *)done, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

int main(void)
{
    int done = 0;
    pthread_t threads[8];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 32 << 10);
    for (int i = 0; i < 8; i++)
        if (pthread_create(&threads[i], &attributes, worker, &done) != 0)
            return 1;
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    printf("%d\n", done);
    return 0;
}
