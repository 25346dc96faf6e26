/*
 * Close-on-exec is set in two steps when the only other thread has ended: nobody was there to fork in between.
 * EXPECT: nothing
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static void *work(void *unused)
{
    return unused;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 1;
    for (int i = 0; i < 3; i++) {
        int fd = open("/dev/null", O_RDONLY);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        close(fd);
    }
    return 0;
}
