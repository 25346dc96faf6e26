/* Makes a session to report on: COUNT births and as many deaths, and a few leaks. events COUNT */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int null = open("/dev/null", O_RDONLY);
    for (long i = argc > 1 ? atol(argv[1]) : 0; i > 0; i--)
        close(dup(null));
    return dup(null) < 0;
}
