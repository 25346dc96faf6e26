/*
 * Both ends of one pipe are one finding of two descriptors.
 * EXPECT: leak-at-exit count=2 kind=pipe call=pipe birth=make_pipe
 */
#include <err.h>
#include <unistd.h>

static void make_pipe(void)
{
    int ends[2];
    if (pipe(ends) != 0)
        err(1, "pipe");
}

int main(void)
{
    make_pipe();
    return 0;
}
