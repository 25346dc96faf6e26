/*
 * The current folder is gone: relative paths fail as they should, and the tracer wants no getcwd.
 * VERIFY: yes
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    char folder[] = "/tmp/fdtrace-hostile.XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || rmdir(folder) != 0)
        return 1;
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    printf("%d %d\n", fd, errno == ENOENT);
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    printf("%d\n", fd);
    return close(fd);
}
