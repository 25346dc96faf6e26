/*
 * Recursion until the stack is used up, more often than not inside the tracer, 200 times: the handler, on a stack of
 * its own, opens and closes and jumps out. Descriptors are lost on the way, as they are without a tracer; then all are
 * closed, and what comes afterwards is recorded as ever.
 * VERIFY: yes
 */
#include "torture/scale.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int caught;

static void handler(int signal)
{
    (void)signal;
    close(open("/dev/null", O_RDONLY | O_CLOEXEC));
    siglongjmp(back, 1);
}

#pragma GCC diagnostic ignored "-Winfinite-recursion" /* which is the point */
static int dive(int depth, int way)
{
    volatile char room[64 + 40 * 3];
    room[way * 40] = (char)depth;
    switch (way) {
    case 0: close(dup(0)); break;
    case 1: fcntl(0, F_SETFD, 0); break;
    default: close(open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    return dive(depth + 1, way) + room[way * 40];
}

int main(void)
{
    static char stack[64 << 10];
    int rounds = torture_scale(200, 5000);
    setrlimit(RLIMIT_STACK, &(struct rlimit){256 << 10, RLIM_INFINITY});
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){1000, 1000});
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
    sigaction(SIGSEGV, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_ONSTACK}, NULL);
    for (volatile int round = 0; round < rounds; round++) {
        if (sigsetjmp(back, 1) == 0)
            dive(0, round % 3);
        caught++;
    }
    closefrom(3);
    for (int i = 0; i < 10; i++)
        open("/dev/null", O_RDONLY | (i % 2 ? O_CLOEXEC : 0));
    printf("%d %d %d\n", caught, close(5), close(5));
    return 0;
}
