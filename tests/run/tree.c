/*
 * A small tree: a file that is inherited by a fork, crosses an exec and a spawn, and is still open at the end of it; and
 * `tree workers N`: so many children that each leak at the same line.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_log(void)
{
    return open("/etc/hostname", O_RDONLY);
}

static int work(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0;
}

static int finish(pid_t child)
{
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static int workers(int count)
{
    int failed = 0;
    for (int i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(work());
        failed |= finish(child);
    }
    return failed;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "workers") == 0)
        return workers(atoi(argv[2]));
    int log = open_log();
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
        _exit(1);
    }
    int status = finish(child);
    close(log);
    return status == 5 ? 0 : 1;
}
