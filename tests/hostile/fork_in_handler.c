/*
 * Forks in a signal handler that interrupts opens and closes: the children leave at once or close what they find, and
 * the interrupted call goes on as if nothing had happened.
 * VERIFY: yes
 */
#include "torture/scale.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int forks;
static volatile sig_atomic_t right, forked;

static void handler(int signal)
{
    int status = -1;
    if (forked >= forks)
        return;
    pid_t child = ++forked % 2 == 0 ? fork() : _Fork();
    if (child == 0) {
        for (int fd = 3; fd < 20; fd++)
            close(fd);
        _exit(0);
    }
    right += signal == SIGALRM && child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
    forks = torture_scale(100, 2000);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &every, NULL) != 0)
        return 1;
    while (forked < forks) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), copy = dup(fd);
        if (fd < 0 || copy < 0 || close(fd) != 0 || close(copy) != 0)
            return 2;
    }
    setitimer(ITIMER_REAL, &never, NULL);
    printf("%d of %d children ended well\n", (int)right, forks);
    return 0;
}
