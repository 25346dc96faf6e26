/*
 * Starts a program again and again: prints the microseconds from fork to the end of the wait, the median of COUNT.
 *
 *     spawn COUNT PROGRAM [ARG...]
 *
 * BENCH_PRELOAD and BENCH_OPTIONS become the child's LD_PRELOAD and FDTRACE_OPTIONS, so that this program itself can
 * stay untraced.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 10000

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static void become(char **argv)
{
    const char *preload = getenv("BENCH_PRELOAD"), *options = getenv("BENCH_OPTIONS");
    if (preload != NULL)
        setenv("LD_PRELOAD", preload, 1);
    if (options != NULL)
        setenv("FDTRACE_OPTIONS", options, 1);
    execv(argv[0], argv);
    _exit(127);
}

int main(int argc, char **argv)
{
    static double took[COUNT_MAX];
    int count = argc > 2 ? atoi(argv[1]) : 0, status;
    if (count < 1 || count > COUNT_MAX)
        return 2;
    for (int i = 0; i < count; i++) {
        double before = now_us();
        pid_t child = fork();
        if (child == 0)
            become(argv + 2);
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            return 1;
        took[i] = now_us() - before;
    }
    qsort(took, (size_t)count, sizeof(took[0]), by_value);
    printf("%.1f\n", took[count / 2]);
    return 0;
}
