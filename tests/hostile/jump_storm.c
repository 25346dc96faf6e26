/*
 * A timer's handler jumps out of opens and closes wherever they are, 2000 times (make torture: 50000). What was in
 * hand is lost, as it is without a tracer; then everything is closed, and what comes afterwards is recorded as ever.
 * VERIFY: yes
 */
#include "torture/scale.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int jumps;

static void handler(int signal)
{
    (void)signal;
    jumps++;
    siglongjmp(back, 1);
}

int main(void)
{
    int wanted = torture_scale(2000, 50000);
    struct itimerval soon = {{0, 0}, {0, 50}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = handler}, NULL);
    while (jumps < wanted)
        if (sigsetjmp(back, 1) == 0) {
            setitimer(ITIMER_REAL, &soon, NULL);
            for (;;) {
                int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), other = eventfd(0, 0);
                close(fd);
                fcntl(other, F_SETFD, FD_CLOEXEC);
                dup2(other, 50);
                close(other);
            }
        } else {
            closefrom(3);
        }
    setitimer(ITIMER_REAL, &never, NULL);
    closefrom(3);
    for (int i = 0; i < 60; i++)
        open("/dev/null", O_RDONLY | (i % 2 ? O_CLOEXEC : 0));
    printf("%d %d %d\n", jumps, close(50), close(50));
    return 0;
}
