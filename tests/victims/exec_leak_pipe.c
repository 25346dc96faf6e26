/*
 * The classic hang: the child reads the pipe, and inherits the end that would have to be closed for it to see the end.
 * EXPECT: leak-across-exec count=2 target=/bin/true kind=pipe call=pipe birth=feed exec=feed
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int feed(void)
{
    int ends[2], status = 1;
    if (pipe(ends) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[0], 0);
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    close(ends[0]);
    close(ends[1]);
    return waitpid(child, &status, 0) == child ? status : 1;
}

int main(void)
{
    return feed() != 0;
}
