/*
 * Close 0 to 2, put /dev/null there: what every daemon does.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    return open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2;
}
