/*
 * select refuses a closed number, in quarantine as without, and that is told.
 * EXPECT: use-after-close count=1 birth=main death=main use=main
 * OPTIONS: quarantine=16
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/select.h>
#include <unistd.h>

int main(void)
{
    struct timeval none = {0, 0};
    fd_set set;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    FD_ZERO(&set);
    FD_SET(fd, &set);
    close(fd);
    return select(fd + 1, &set, NULL, NULL, &none) != -1 || errno != EBADF;
}
