/*
 * Nothing the tracer might want by path is reachable any more.
 * NEEDS: root
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char folder[] = "/tmp/fdtrace-hostile.XXXXXX";
    int status, root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (mkdtemp(folder) == NULL || chroot(folder) != 0 || chdir("/") != 0)
        return 1;
    int fd = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    printf("%d %d\n", fd, open("/etc/passwd", O_RDONLY));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(close(fd));
    waitpid(child, &status, 0);
    printf("%d %d\n", status, close(fd));
    unlink("file");
    if (fchdir(root) != 0 || chroot(".") != 0)
        return 2;
    return rmdir(folder);
}
