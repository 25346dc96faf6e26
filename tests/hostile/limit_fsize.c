/*
 * RLIMIT_FSIZE=0: whoever grows a file, one in /dev/shm included, is sent SIGXFSZ.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    int last = -1;
    if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0}) != 0)
        return 1;
    /* High numbers make a tracer's table grow. */
    for (int i = 0; i < 900; i++)
        last = fcntl(0, F_DUPFD, 3 + i);
    printf("%d\n", last);
    return 0;
}
