/*
 * _exit runs no handler, and the leak is reported all the same.
 * EXPECT: leak-at-exit count=1 kind=file call=open birth=load
 * ENDS: 7
 */
#include <fcntl.h>
#include <unistd.h>

static int load(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    _exit(load() < 0 ? 1 : 7);
}
