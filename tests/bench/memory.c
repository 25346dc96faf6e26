/* Holds a number of descriptors and prints its resident memory in KiB, shared pages included: memory [HELD] */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static long resident_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = atol(line + 6);
    if (status != NULL)
        fclose(status);
    return kib;
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (long held = argc > 1 ? atol(argv[1]) : 0; held > 0; held--)
        if (dup(null) < 0)
            return 1;
    printf("%ld\n", resident_kib());
    return 0;
}
