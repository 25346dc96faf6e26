/*
 * scrubs HOW PROGRAM: runs PROGRAM with an environment that holds nothing but A=b (exec, spawn), or has lost everything
 * before a shell is asked to run it (system). Prints nothing.
 */
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char *const words[] = {argc > 2 ? argv[2] : NULL, NULL}, *const variables[] = {"A=b", "LD_PRELOAD=libm.so.6", NULL};
    pid_t child = 0;
    int status = 1;
    if (argc < 3)
        return 2;
    if (strcmp(argv[1], "system") == 0) {
        clearenv();
        return system(argv[2]);
    }
    if (strcmp(argv[1], "spawn") == 0) {
        if (posix_spawn(&child, argv[2], NULL, NULL, words, variables) != 0)
            return 3;
    } else if ((child = fork()) == 0) {
        execve(argv[2], words, variables);
        _exit(4);
    }
    return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : 5;
}
