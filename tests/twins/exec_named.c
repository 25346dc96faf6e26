/*
 * Its number stands in the arguments or in the environment of the next program, or LISTEN_FDS covers it.
 * EXPECT: nothing
 */
#include <stdio.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int finish(pid_t child)
{
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : 1;
}

static int run(const char *program, const char *argument, const char *variable)
{
    pid_t child = fork();
    if (child == 0) {
        char *const words[] = {(char *)program, (char *)argument, NULL}, *const variables[] = {(char *)variable, NULL};
        execve("/bin/true", words, variables);
        _exit(1);
    }
    return finish(child);
}

int main(void)
{
    char argument[64], variable[64];
    int fd = open("/etc/passwd", O_RDONLY), failed = 0;
    snprintf(argument, sizeof(argument), "--input=/dev/fd/%d", fd);
    failed |= run("true", argument, "A=b");
    snprintf(argument, sizeof(argument), "%d", fd);
    failed |= run("true", argument, "A=b");
    snprintf(argument, sizeof(argument), "14:%d:15", fd);
    failed |= run("true", argument, "A=b");
    snprintf(variable, sizeof(variable), "NOTIFY_FD=%d", fd);
    failed |= run("true", "x", variable);
    failed |= run("true", "x", "LISTEN_FDS=1");
    close(fd);
    return failed != 0;
}
