/*
 * 5,000 leaks from one line are one finding.
 * EXPECT: leak-at-exit count=5000 kind=chardev call=open function=leak_files
 */
#include <err.h>
#include <fcntl.h>
#include <sys/resource.h>

static void leak_files(int count)
{
    for (int i = 0; i < count; i++)
        if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
            err(1, "/dev/null");
}

int main(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        err(1, "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        err(1, "setrlimit");
    leak_files(5000);
    return 0;
}
