/*
 * Nobody forked this time, but another thread could have.
 * EXPECT: cloexec-race count=2 kind=socket-unix call=socket birth=make set-cloexec=make
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_barrier_t end;

static void *other(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&end);
    return NULL;
}

static int make(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&end, NULL, 2);
    pthread_create(&thread, NULL, other, NULL);
    for (int i = 0; i < 2; i++)
        close(make());
    pthread_barrier_wait(&end);
    pthread_join(thread, NULL);
    return 0;
}
