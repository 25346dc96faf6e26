/*
 * A thread that names itself after its first call closes a descriptor twice, and the process is killed: nobody can
 * ask for the name at the end.
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void *work(void *unused)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pthread_setname_np(pthread_self(), "doomed");
    close(fd);
    close(fd);
    kill(getpid(), SIGKILL);
    return unused;
}

int main(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, work, NULL) != 0 || pthread_join(thread, NULL) != 0;
}
