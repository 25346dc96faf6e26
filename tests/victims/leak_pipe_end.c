/*
 * The usual way to leak a pipe: one end is closed, the other forgotten.
 * EXPECT: leak-at-exit count=1 kind=pipe call=pipe2 birth=make_pipe
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

static int make_pipe(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        err(1, "pipe2");
    return ends[0];
}

int main(void)
{
    return close(make_pipe());
}
