/*
 * One thread opens, another closes: that is ownership handed over.
 * EXPECT: nothing
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static void *finish(void *fd)
{
    close(*(int *)fd);
    return NULL;
}

int main(void)
{
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || pthread_create(&thread, NULL, finish, &fd) != 0)
            return 1;
        pthread_join(thread, NULL);
    }
    return 0;
}
