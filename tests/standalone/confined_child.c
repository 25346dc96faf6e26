/* Leaks a file, and has two children confine themselves, of which one borrows its memory; tests/standalone_test.c. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sock_filter rules[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
static struct sock_fprog program = {1, rules};

static int confine(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0;
}

int main(void)
{
    int first = -1, second = -1;
    pid_t child = vfork();
    if (child == 0)
        _exit(confine());
    waitpid(child, &first, 0);
    child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        _exit(confine());
    waitpid(child, &second, 0);
    return first != 0 || second != 0 || open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0;
}
