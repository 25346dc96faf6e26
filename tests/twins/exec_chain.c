/*
 * env and sh inherited the file across an exec: they cannot know it, and are not told a second time. The first exec names it.
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
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    pid_t child = fork();
    if (child == 0) {
        dup2(fd, 9);
        execlp("env", "env", "sh", "-c", "env true; true", (char *)NULL);
        _exit(1);
    }
    int failed = finish(child);
    close(fd);
    return failed != 0;
}
