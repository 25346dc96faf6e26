/*
 * Close-on-exec from birth, and set before the exec: nothing crosses.
 * EXPECT: nothing
 */
#include <stdlib.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int finish(pid_t child)
{
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : 1;
}

int main(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC), late = open("/etc/group", O_RDONLY);
    fcntl(late, F_SETFD, FD_CLOEXEC);
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    int failed = finish(child) | system("true");
    close(late);
    close(fd);
    return failed != 0;
}
