/*
 * The classic hang: a child that reads a pipe it holds the write end of. Prints the child's process id once the child is at
 * work, and ends it when its own input ends.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t feed(int in[2], int out[2])
{
    if (pipe(in) != 0 || pipe(out) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execlp("cat", "cat", (char *)NULL);
        _exit(1);
    }
    return child;
}

int main(void)
{
    int in[2], out[2];
    char byte = 'x';
    pid_t child = feed(in, out);
    close(in[0]);
    close(out[1]);
    if (child < 0 || write(in[1], &byte, 1) != 1 || read(out[0], &byte, 1) != 1)
        return 1;
    close(in[1]);
    close(out[0]);
    printf("%d\n", (int)child);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    kill(child, SIGTERM);
    return waitpid(child, NULL, 0) != child;
}
