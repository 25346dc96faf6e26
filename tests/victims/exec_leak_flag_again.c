/*
 * A line was copied and its variable forgotten: close-on-exec is set on one descriptor twice, on its sibling never. Of the
 * leak that has nothing to do with it nobody says so, and nothing of those that were flagged after all.
 * EXPECT: leak-across-exec severity=error count=1 target=/bin/true kind=file birth=open_both exec=start set-again=open_both
 * EXPECT: leak-across-exec severity=error count=1 target=/bin/true kind=pipe birth=open_pipe exec=start set-again=flag
 * EXPECT: leak-across-exec severity=error count=1 target=/bin/true kind=file birth=open_alone exec=start
 * EXPECT: leak-across-exec severity=error count=1 target=/bin/true kind=file birth=open_late exec=start
 * NEVER: leak-across-exec birth=open_alone set-again=open_both
 * NEVER: leak-across-exec birth=open_alone set-again=flag
 * NEVER: leak-across-exec birth=open_alone set-again=open_cautiously
 * NEVER: leak-across-exec birth=open_late set-again=open_late
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void flag(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int open_alone(void)
{
    return open("/etc/group", O_RDONLY);
}

/* Its neighbour was opened elsewhere, for another purpose. */
static int open_cautiously(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

static void open_both(int fds[2])
{
    fds[0] = open("/etc/passwd", O_RDONLY);
    fds[1] = open("/etc/group", O_RDONLY);
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
}

static void open_pipe(int fds[2])
{
    if (pipe(fds) != 0)
        return;
    flag(fds[1]);
    flag(fds[1]);
}

/* Set again, and the sibling has it by the end: the third one, born of the same line, is another matter. */
static void open_late(int fds[3])
{
    for (int i = 0; i < 3; i++)
        fds[i] = open("/etc/passwd", O_RDONLY);
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    flag(fds[1]);
}

static int start(void)
{
    char *words[] = {"true", NULL};
    pid_t child;
    int status = 1;
    if (posix_spawn(&child, "/bin/true", NULL, NULL, words, environ) != 0 || waitpid(child, &status, 0) != child)
        return 1;
    return status;
}

int main(void)
{
    int both[2], ends[2], late[3], alone = open_alone(), cautious = open_cautiously();
    open_both(both);
    open_pipe(ends);
    open_late(late);
    int status = start();
    for (int i = 0; i < 2; i++) {
        close(both[i]);
        close(ends[i]);
        close(late[i]);
    }
    close(late[2]);
    close(alone);
    close(cautious);
    return status;
}
