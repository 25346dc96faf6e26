/*
 * A program that needs every number it may have gets every one of them, whatever was closed before.
 * EXPECT: nothing
 * OPTIONS: quarantine=1000:verify=1:limit_near=100
 */
#include <err.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LIMIT = 64 };

static int open_null(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "open");
    return fd;
}

int main(void)
{
    closefrom(3); /* what whoever started us had open */
    struct rlimit limit = {LIMIT, LIMIT};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        err(1, "setrlimit");
    for (int i = 0; i < 500; i++)
        close(open_null());
    for (int round = 0; round < 3; round++) {
        char had[LIMIT] = {0};
        for (int i = 3; i < LIMIT; i++)
            had[open_null()] = 1;
        for (int i = 3; i < LIMIT; i++) {
            if (!had[i])
                errx(1, "nobody was given %d", i);
            close(i);
        }
    }
    return 0;
}
