/*
 * Daemons write their title over argv and the environment behind it; others clear it.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status;
    for (char **variable = environ; *variable != NULL; variable++)
        memset(*variable, 'x', strlen(*variable));
    memset(argv[argc - 1], 'y', strlen(argv[argc - 1]));
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    environ = NULL;
    pid_t child = fork();
    if (child == 0)
        _exit(close(fd));
    waitpid(child, &status, 0);
    clearenv();
    printf("%d %d\n", status, getenv("LD_PRELOAD") == NULL);
    return close(fd);
}
