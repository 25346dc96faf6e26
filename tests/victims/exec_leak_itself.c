/*
 * A program starts itself anew by the way that is always there, and takes a file along. What received it has a name.
 * EXPECT: leak-across-exec count=1 target=exec_leak_itself name=/etc/passwd birth=load exec=again
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int load(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static int again(char *name)
{
    execl("/proc/self/exe", name, "again", (char *)NULL);
    return 1;
}

int main(int argc, char **argv)
{
    int status = 1, fd;
    if (argc > 1)
        return 0;
    fd = load();
    pid_t child = fork();
    if (child == 0)
        _exit(again(argv[0]));
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 1;
    close(fd);
    return status;
}
