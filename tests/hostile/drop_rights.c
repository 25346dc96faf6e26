/*
 * After setuid the child of a fork may not open what its parent could create.
 * NEEDS: root
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int status, fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 1;
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(close(fd) + open("/dev/null", O_RDONLY | O_CLOEXEC));
        waitpid(child, &status, 0);
        printf("%d\n", WEXITSTATUS(status));
        fflush(stdout);
    }
    return close(fd);
}
