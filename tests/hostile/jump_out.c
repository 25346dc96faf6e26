/*
 * A handler jumps out of a blocked read: the wrapper's frame is gone without ever having returned.
 * VERIFY: yes
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static sigjmp_buf back;

static void handler(int signal)
{
    (void)signal;
    siglongjmp(back, 1);
}

int main(void)
{
    int jumps = 0, ends[2];
    char byte;
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = handler}, NULL);
    for (int i = 0; i < 50; i++) {
        if (pipe(ends) != 0)
            return 1;
        if (sigsetjmp(back, 1) == 0) {
            /* A periodic timer: should the first signal come before the read, the next one ends it. */
            setitimer(ITIMER_REAL, &(struct itimerval){{0, 500}, {0, 500}}, NULL);
            if (read(ends[0], &byte, 1) >= 0)
                return 2;
        }
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
        jumps++;
        close(ends[0]);
        close(ends[1]);
    }
    printf("%d\n", jumps);
    return 0;
}
