/*
 * What a program brings along counts for its forked children, too: the child leaks.
 * LIBS: -rdynamic
 */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* By way of a variable: only who called it knows the answer. */
static const char *volatile answer = "leak-at-exit:leak_in_the_child\n";

const char *fdtrace_default_suppressions(void)
{
    return answer;
}

static int leak_in_the_child(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        return leak_in_the_child() < 0;
    return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : 1;
}
