/*
 * Leaks a file by an open that a fortified build inlines from a header of libc; tests/standalone_test.c.
 * LIBS: -O2 -D_FORTIFY_SOURCE=2
 */
#include <fcntl.h>
#include <unistd.h>

static __attribute__((noinline)) int load(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char byte;
    return read(fd, &byte, 1) == 1;
}

int main(void)
{
    return !load("/etc/passwd");
}
