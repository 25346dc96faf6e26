/*
 * RLIMIT_NOFILE=4 leaves one descriptor. A tracer that needed one for itself would take it.
 * VERIFY: yes
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){4, 4}) != 0)
        return 1;
    for (int i = 0; i < 3; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int again = open("/dev/null", O_RDONLY | O_CLOEXEC);
        printf("%d %d %d\n", fd, again, errno);
        close(fd);
    }
    return 0;
}
