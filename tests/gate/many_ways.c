/*
 * Three leaks for tests of what is said about them: two files by one helper, from one line each, and an eventfd. A number
 * as argument: so many more files from one more line.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>

static int helper(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int open_log(void)
{
    return helper("/etc/hostname");
}

static int open_device(void)
{
    return helper("/dev/null");
}

static int wake_up(void)
{
    return eventfd(0, EFD_CLOEXEC);
}

int main(int argc, char **argv)
{
    int failed = open_log() < 0 || open_device() < 0 || wake_up() < 0;
    for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--)
        failed |= helper("/dev/zero") < 0;
    return failed;
}
