/*
 * The descriptor that fexecve runs from has to be open in the next program when that is a script.
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

extern char **environ;

int main(void)
{
    int fd = open("/bin/true", O_RDONLY);
    char *const words[] = {"true", NULL};
    pid_t child = fork();
    if (child == 0) {
        fexecve(fd, words, environ);
        _exit(1);
    }
    int failed = finish(child);
    close(fd);
    return failed != 0;
}
