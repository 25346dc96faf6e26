/*
 * Five children execute with a file they never asked for: one lifetime that crossed five times.
 * EXPECT: leak-across-exec count=1 crossings=5 target=true kind=file call=open name=/etc/passwd birth=load exec=work
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int load(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static int work(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        execlp("true", "true", (char *)NULL);
        _exit(1);
    }
    return waitpid(child, &status, 0) == child ? status : 1;
}

int main(void)
{
    int fd = load(), failed = 0;
    for (int i = 0; i < 5; i++)
        failed |= work();
    close(fd);
    return failed != 0;
}
