/* Becomes its arguments with signals ignored and blocked, as a careless parent may leave them. */
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    if (argc > 1)
        execv(argv[1], argv + 1);
    return 127;
}
