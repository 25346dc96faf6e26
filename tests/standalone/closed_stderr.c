/* Leaks a file, then closes its standard error, as many programs do to catch late write errors; tests/standalone_test.c. */
#include <fcntl.h>
#include <unistd.h>

static int load(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    return load() < 0 || close(2) != 0;
}
