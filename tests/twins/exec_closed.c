/*
 * A vfork child and a forked one that close everything before they execute.
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
    int fd = open("/etc/passwd", O_RDONLY), other = open("/etc/group", O_RDONLY), failed = 0;
    pid_t child = vfork();
    if (child == 0) {
        for (int number = 3; number < 64; number++)
            close(number);
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    failed |= finish(child);
    child = fork();
    if (child == 0) {
        closefrom(3);
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    failed |= finish(child);
    close(other);
    close(fd);
    return failed != 0;
}
