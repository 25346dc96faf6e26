/*
 * A deleted file that is still held keeps its space.
 * EXPECT: leak-at-exit count=1 kind=file call=mkstemp birth=make_scratch
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

static void make_scratch(void)
{
    char path[] = "/tmp/fdtrace-victim.XXXXXX";
    if (mkstemp(path) < 0 || unlink(path) != 0)
        err(1, "%s", path);
}

int main(void)
{
    make_scratch();
    return 0;
}
