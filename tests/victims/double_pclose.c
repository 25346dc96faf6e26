/*
 * A stream of popen is ended twice. libc may well abort the program for that (this one goes before it can); we have told it by
 * then.
 * EXPECT: double-close count=1 owner=popen birth=ask death=finish second-close=finish_again
 * ENDS: 3
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static FILE *ask(void)
{
    FILE *answer = popen("exit 0", "re");
    if (answer == NULL)
        err(1, "popen");
    return answer;
}

static void finish(FILE *answer)
{
    pclose(answer);
}

static void finish_again(FILE *answer)
{
    pclose(answer);
}

static void leave(int signal)
{
    (void)signal;
    _exit(3);
}

int main(void)
{
    signal(SIGABRT, leave);
    signal(SIGSEGV, leave);
    FILE *answer = ask();
    finish(answer);
    FILE *volatile again = answer;
    finish_again(again);
    return 3;
}
