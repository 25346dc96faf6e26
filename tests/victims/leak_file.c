/*
 * The plainest leak: a file that nobody closes.
 * EXPECT: leak-at-exit count=1 kind=file call=open name=/etc/passwd birth=load
 */
#include <err.h>
#include <fcntl.h>

static void load(const char *path)
{
    if (open(path, O_RDONLY | O_CLOEXEC) < 0)
        err(1, "%s", path);
}

int main(void)
{
    load("/etc/passwd");
    return 0;
}
