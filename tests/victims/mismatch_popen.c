/*
 * A stream of popen is ended by fclose: nobody waits for the child.
 * EXPECT: close-mismatch count=1 owner=popen birth=ask second-close=answered
 * EXPECT: missing-cloexec
 */
#include <err.h>
#include <stdio.h>
#include <sys/wait.h>

static FILE *ask(void)
{
    FILE *pipe = popen("exit 0", "r");
    if (pipe == NULL)
        err(1, "popen");
    return pipe;
}

static void answered(FILE *pipe)
{
    fclose(pipe);
}

int main(void)
{
    answered(ask());
    while (wait(NULL) > 0)
        ;
    return 0;
}
