/*
 * Four threads leak one descriptor each, named in different ways: main, which renames itself; one that ends; one that
 * lives to the end and was named by main after it had leaked; and one that a child was forked from.
 * LIBS: -lpthread
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t leaked, never;

static int leak_of_main(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void *leak_of_ended(void *unused)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pthread_setname_np(pthread_self(), "ended");
    return fd < 0 ? &leaked : unused;
}

static void *leak_of_living(void *unused)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pthread_barrier_wait(&leaked);
    pthread_barrier_wait(&never);
    return fd < 0 ? &leaked : unused;
}

static int leak_of_child(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void *fork_child(void *unused)
{
    pthread_setname_np(pthread_self(), "forking");
    close(open("/dev/null", O_RDONLY | O_CLOEXEC));
    pid_t child = fork();
    if (child == 0)
        exit(leak_of_child() < 0);
    waitpid(child, NULL, 0);
    return unused;
}

int main(void)
{
    pthread_t ended, living, forking;
    pthread_barrier_init(&leaked, NULL, 2);
    pthread_barrier_init(&never, NULL, 2);
    if (leak_of_main() < 0)
        err(1, "open");
    pthread_create(&ended, NULL, leak_of_ended, NULL);
    pthread_join(ended, NULL);
    pthread_create(&forking, NULL, fork_child, NULL);
    pthread_join(forking, NULL);
    pthread_create(&living, NULL, leak_of_living, NULL);
    pthread_barrier_wait(&leaked);
    pthread_setname_np(living, "living");
    prctl(PR_SET_NAME, "chief");
    return 0;
}
