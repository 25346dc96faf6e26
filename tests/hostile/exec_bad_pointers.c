/*
 * An exec that is given bad pointers answers EFAULT; and a thread with a 16 KiB stack may spawn with a thousand variables.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *variables[1501];

static void *spawn(void *unused)
{
    (void)unused;
    char *words[] = {"true", NULL};
    pid_t child;
    int status = 1;
    if (posix_spawn(&child, "/bin/true", NULL, NULL, words, variables) == 0)
        waitpid(child, &status, 0);
    return (void *)(intptr_t)status;
}

int main(void)
{
    char *words[] = {"true", NULL}, **bad = (char **)8;
    void *status;
    pthread_t thread;
    pthread_attr_t attributes;
    printf("%d", execve("/bin/true", bad, environ) == -1 && errno == EFAULT);
    printf("%d", execve("/bin/true", words, bad) == -1 && errno == EFAULT);
    printf("%d\n", syscall(SYS_execve, bad, words, environ) == -1 && errno == EFAULT);
    for (int i = 0; i < 1500; i++)
        variables[i] = "A=b";
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    if (pthread_create(&thread, &attributes, spawn, NULL) != 0 || pthread_join(thread, &status) != 0)
        return 1;
    printf("%d\n", (int)(intptr_t)status);
    return 0;
}
