/*
 * A signal comes while a stream is being closed, and its handler opens and closes something itself: for the handler the
 * stream's number is open still. When the call has returned it is closed, and no program that is executed then gets it.
 * EXPECT: nothing
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int interruptions;

static void interrupted(int signal)
{
    (void)signal;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || close(fd) != 0)
        _exit(3);
    interruptions++;
}

int main(void)
{
    int ends[2], status;
    pid_t child;
    signal(SIGPIPE, interrupted);
    if (pipe(ends) != 0)
        err(1, "pipe");
    FILE *stream = fdopen(ends[1], "w");
    if (stream == NULL || fputs("nobody will read this", stream) < 0)
        err(1, "fdopen");
    close(ends[0]);
    fclose(stream); /* writes, and nobody is there to read */
    if (posix_spawn(&child, "/bin/true", NULL, NULL, (char *[]){"true", NULL}, environ) != 0)
        errx(1, "posix_spawn");
    return waitpid(child, &status, 0) != child || status != 0 || interruptions != 1;
}
