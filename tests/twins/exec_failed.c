/*
 * An exec that fails hands nothing on, neither here nor in a vfork child.
 * EXPECT: nothing
 */
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
    int fd = open("/etc/passwd", O_RDONLY);
    execl("/nowhere", "nowhere", (char *)NULL);
    pid_t child = vfork();
    if (child == 0) {
        execl("/nowhere", "nowhere", (char *)NULL);
        _exit(0);
    }
    int failed = finish(child);
    child = fork();
    if (child == 0) {
        execl("/nowhere", "nowhere", (char *)NULL);
        _exit(0);
    }
    failed |= finish(child);
    close(fd);
    return failed != 0;
}
