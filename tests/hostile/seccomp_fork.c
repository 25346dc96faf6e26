/*
 * A filter that kills for what a tracer does in a new child or a new thread, and for nothing the program does: both are
 * made under it, and the filter itself is installed through syscall().
 * LIBS: -lpthread
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static int confine(void)
{
    static struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        KILL(openat),
        KILL(ftruncate),
        KILL(getppid),
        KILL(gettid),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(rules) / sizeof(rules[0]), rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0;
}

static void *copy(void *unused)
{
    close(dup(0));
    return unused;
}

int main(void)
{
    pthread_t thread;
    int status = -1;
    if (confine() != 0 || pthread_create(&thread, NULL, copy, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        close(dup(0));
        _exit(3);
    }
    waitpid(child, &status, 0);
    printf("the child ended with %x\n", status);
    return 0;
}
