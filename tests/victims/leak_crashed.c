/*
 * A crash leaves the same evidence; the status is the program's own.
 * EXPECT: leak-at-exit count=1 kind=file call=open birth=load
 * ENDS: 134
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>

static int load(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (load() < 0)
        return 1;
    abort();
}
