/*
 * The classic of fork-and-pipe code: the same end is closed twice and the other one never.
 * EXPECT: double-close count=1 birth=make_pipe second-close=finish
 * EXPECT: leak-at-exit count=1 kind=pipe birth=make_pipe
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

static void make_pipe(int *ends)
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        err(1, "pipe2");
}

static void finish(int *ends)
{
    close(ends[1]);
    close(ends[1]);
}

int main(void)
{
    int ends[2];
    make_pipe(ends);
    finish(ends);
    return 0;
}
