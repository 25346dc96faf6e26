/*
 * A server forks for a request, lets go of it, and has the next one under the same number before the child has begun to run:
 * what the child takes along to another program is the first request still. The child is held up where no tracer sees it.
 * EXPECT: leak-across-exec count=1 crossings=1 target=true kind=file name=/etc/passwd birth=take_request exec=work
 */
#include "../unseen.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static int go[2];

static int take_request(const char *path, int flags)
{
    return open(path, O_RDONLY | flags);
}

static void hold_up(void)
{
    char byte;
    unseen(SYS_read, go[0], (long)&byte, 1, 0);
}

static int work(void)
{
    execlp("true", "true", (char *)NULL);
    return 1;
}

int main(void)
{
    int status = 1;
    if (pipe2(go, O_CLOEXEC) != 0 || pthread_atfork(NULL, NULL, hold_up) != 0)
        return 1;
    int request = take_request("/etc/passwd", 0);
    pid_t child = fork();
    if (child == 0)
        _exit(work());
    close(request);
    int next = take_request("/etc/group", O_CLOEXEC);
    if (next != request || write(go[1], "", 1) != 1 || waitpid(child, &status, 0) != child)
        return 1;
    close(next);
    close(go[0]);
    close(go[1]);
    return status;
}
