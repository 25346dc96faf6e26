/* Says what a program is handed by whoever starts it: descriptors, signal mask, ignored signals. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

int main(void)
{
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int fd = 0; fd < 256; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("descriptor %d\n", fd);
    for (int signal = 1; signal < 32; signal++) {
        struct sigaction action;
        sigaction(signal, NULL, &action);
        printf("signal %d%s%s\n", signal, sigismember(&blocked, signal) ? " blocked" : "",
               action.sa_handler == SIG_IGN ? " ignored" : action.sa_handler != SIG_DFL ? " handled" : "");
    }
    return 0;
}
