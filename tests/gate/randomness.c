/* Keeps as many sources of randomness as its argument says, from one line. */
#include <fcntl.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--)
        failed |= open("/dev/urandom", O_RDONLY | O_CLOEXEC) < 0;
    return failed;
}
