/*
 * A thread cancelled inside close: the cancellation acts before the system call, so the descriptor stays open, and the
 * record, which had announced its death, must say so.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int fd;

static void *close_late(void *unused)
{
    (void)unused;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    fd = open("/dev/null", O_RDONLY);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    close(fd);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, close_late, NULL);
    pthread_join(thread, &result);
    printf("%s, %s\n", result == PTHREAD_CANCELED ? "cancelled" : "not cancelled",
           fcntl(fd, F_GETFD) < 0 ? "closed" : "open");
    return 0;
}
