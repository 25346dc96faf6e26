/*
 * spawns PROGRAM: runs PROGRAM twice from one place. In between another 2 takes the place of the first, and 700 is opened: only the
 * second is given that. Prints nothing.
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char *const words[] = {argc > 1 ? argv[1] : NULL, NULL};
    int status = 0, null = open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_t child = 0;
    for (int round = 0; argc > 1 && round < 2; round++) {
        if (posix_spawn(&child, argv[1], NULL, NULL, words, (char *const[]){NULL}) != 0 ||
            waitpid(child, &status, 0) != child)
            return 1;
        dup2(null, 2);
        dup2(null, 700);
    }
    close(700);
    close(null);
    return 0;
}
