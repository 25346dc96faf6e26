/*
 * The child says what it wants the next program to have: it clears the flag, or puts the file onto a number.
 * EXPECT: nothing
 */
#include <sys/ioctl.h>
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
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC), failed = 0;
    pid_t child = fork();
    if (child == 0) {
        fcntl(fd, F_SETFD, 0);
        dup2(fd, 9);
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    failed |= finish(child);
    child = vfork();
    if (child == 0) {
        ioctl(fd, FIONCLEX);
        dup2(fd, 9);
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    failed |= finish(child);
    close(fd);
    return failed != 0;
}
