/*
 * The program brings its own clock_gettime, which runs backwards, and which opens a file to learn the time: a tracer
 * that asks it is never told, or sees every descriptor die before it was born.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long asked;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    long answer = syscall(SYS_clock_gettime, clock, now);
    now->tv_sec -= 10 * ++asked;
    return close(fd) == 0 ? (int)answer : -1;
}

int main(void)
{
    struct timespec first, second;
    int held[40];
    clock_gettime(CLOCK_MONOTONIC, &first);
    clock_gettime(CLOCK_MONOTONIC, &second);
    for (int i = 0; i < 40; i++)
        held[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 30; i++)
        close(held[i]);
    printf("%d %ld\n", second.tv_sec < first.tv_sec, asked);
    return 0;
}
