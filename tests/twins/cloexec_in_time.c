/*
 * With one thread the flag may come late (a note at most); a fork of the same thread is in its own order; and with several
 * threads the flag is set at birth.
 * EXPECT: nothing
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void *forks(void *unused)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC), status;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    waitpid(child, &status, 0);
    close(fd);
    return unused;
}

int main(void)
{
    pthread_t thread;
    int status, fd = open("/etc/passwd", O_RDONLY);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, &status, 0);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    close(fd);
    pthread_create(&thread, NULL, forks, NULL);
    pthread_join(thread, NULL);
    return 0;
}
