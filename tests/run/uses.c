/*
 * Descriptors that are used by their numbers, by libc alone, and not at all; then asks the command in argv[1], if there is one,
 * what it knows of them.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        err(1, "/dev/null");
    return fd;
}

static int open_unused(void)
{
    return open_null();
}

int main(int argc, char **argv)
{
    int used = open_null(), unused = open_unused(), again;
    FILE *stream = fopen("/dev/null", "we");
    if (stream == NULL || write(used, "x", 1) != 1 || fputs("x", stream) < 0 || fflush(stream) != 0)
        err(1, "/dev/null");
    if (write(unused + 100, "x", 1) != -1) /* nobody's */
        errx(1, "written to a closed number");
    /* A use dies with its lifetime: the next owner of the number begins anew. */
    if (write(unused, "x", 1) != 1 || close(unused) != 0 || (again = open_unused()) != unused)
        errx(1, "the number was not given out again");
    if (argc < 2)
        return 0;
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    pid_t child = fork();
    if (child == 0) {
        execl(argv[1], "fdtrace", "ls", "--columns=fd,last-used,given", pid, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, NULL, 0) == child ? 0 : 1;
}
