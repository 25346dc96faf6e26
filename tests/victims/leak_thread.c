/*
 * A leak made by a thread that is long gone. Its stack begins in the thread's function.
 * EXPECT: leak-at-exit count=4 kind=file call=open birth=worker
 * LIBS: -lpthread
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>

static void *worker(void *path)
{
    if (open(path, O_RDONLY | O_CLOEXEC) < 0)
        err(1, "open");
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, worker, "/etc/passwd") != 0)
            errx(1, "pthread_create");
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
