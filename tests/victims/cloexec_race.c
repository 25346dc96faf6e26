/*
 * Between the open and the fcntl of one thread another one forks: its child has the file without close-on-exec.
 * EXPECT: cloexec-race count=1 kind=file call=open birth=load set-cloexec=load fork=start_child
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t opened, forked;

static int start_child(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return waitpid(child, &status, 0) != child || status != 0;
}

static void *other(void *failed)
{
    pthread_barrier_wait(&opened);
    *(int *)failed = start_child();
    pthread_barrier_wait(&forked);
    return NULL;
}

static int load(void)
{
    int fd = open("/etc/passwd", O_RDONLY);
    pthread_barrier_wait(&opened);
    pthread_barrier_wait(&forked);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

int main(void)
{
    pthread_t thread;
    int failed = 1;
    pthread_barrier_init(&opened, NULL, 2);
    pthread_barrier_init(&forked, NULL, 2);
    pthread_create(&thread, NULL, other, &failed);
    int fd = load();
    pthread_join(thread, NULL);
    close(fd);
    return failed;
}
