/*
 * 100,000 descriptors held at once, or as many as the hard limit allows; every other one is closed in the end.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define WANTED 100000

int main(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < WANTED + 10)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){limit.rlim_max, WANTED + 10}); /* root may */
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int count = 0, closed = 0;
    while (count < WANTED && dup(0) >= 0)
        count++;
    for (int fd = 3; fd < count; fd += 2)
        closed += close(fd) == 0;
    printf("%d %d\n", count, closed);
    return 0;
}
