/*
 * Too little address space for a recording when the program begins, enough when it forks; tests/standalone_test.c.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void limit(rlim_t space)
{
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = space < limit.rlim_max ? space : limit.rlim_max;
    setrlimit(RLIMIT_AS, &limit);
}

int main(int count, char **arguments)
{
    int status = -1;
    if (count == 1) {
        limit(8 << 20);
        execl("/proc/self/exe", arguments[0], "again", (char *)NULL);
        return 1;
    }
    limit(RLIM_INFINITY);
    pid_t child = fork();
    if (child == 0) {
        close(open("/dev/null", O_RDONLY));
        exit(7);
    }
    waitpid(child, &status, 0);
    printf("the child ended with %x\n", status);
    return 0;
}
