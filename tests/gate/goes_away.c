/* Leaks, then goes to another folder and forgets its environment. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return chdir("/") < 0 || clearenv() != 0 || fd < 0;
}
