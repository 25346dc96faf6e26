/*
 * A close that succeeds on a number believed dead means that we did not see its birth: nobody is accused.
 * EXPECT: nothing
 */
#include "unseen.h"

#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    close(fd);
    for (int i = 0; i < 5; i++) {
        char byte;
        if (unseen(SYS_dup, 0, 0, 0, 0) != fd || (read(fd, &byte, 1) < 0) || close(fd) != 0)
            return 1;
    }
    return 0;
}
