/*
 * One program reads all its input by number, the other one through its stream; each closes the number when it has done so.
 * EXPECT: nothing
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int read_all(const char *how)
{
    char line[64];
    if (strcmp(how, "number") == 0)
        while (read(0, line, sizeof(line)) > 0)
            ;
    else
        while (fgets(line, sizeof(line), stdin) != NULL)
            ;
    return close(0);
}

int main(int argc, char **argv)
{
    static char *const hows[] = {"number", "stream"};
    int status, failed = 0;
    if (argc > 1)
        return read_all(argv[1]) != 0;
    for (int i = 0; i < 2; i++) {
        if (fork() == 0)
            _exit(execl("/proc/self/exe", argv[0], hows[i], (char *)NULL));
        failed |= wait(&status) < 0 || status != 0;
    }
    return failed;
}
