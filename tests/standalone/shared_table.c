/*
 * A child that shares our descriptors but not our memory opens one, and leaves it to us. Or, "parted", the first
 * thread leaves the table to another one, before it forks.
 * LIBS: -lpthread
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[65536] __attribute__((aligned(16)));

static int child(void *unused)
{
    (void)unused;
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void *stay(void *unused)
{
    pause();
    return unused;
}

/* clone, or what does the same, or fork, which shares nothing. */
int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "clone";
    int status = -1;
    pid_t pid;
    pthread_t thread;
    if (strcmp(how, "parted") == 0 &&
        (pthread_create(&thread, NULL, stay, NULL) != 0 || unshare(CLONE_FILES) != 0))
        return 1;
    if (strcmp(how, "clone") == 0)
        pid = clone(child, stack + sizeof(stack), CLONE_FILES | SIGCHLD, NULL);
    else if ((pid = (pid_t)syscall(SYS_clone, (strcmp(how, "raw") == 0 ? CLONE_FILES : 0) | SIGCHLD, 0, 0, 0, 0)) == 0)
        _exit(child(NULL));
    waitpid(pid, &status, 0);
    printf("%s: opened %d, %s here\n", how, WEXITSTATUS(status),
           fcntl(WEXITSTATUS(status), F_GETFD) >= 0 ? "open" : "not open");
    return 0;
}
