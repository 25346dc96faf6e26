/*
 * closefrom(3) is how privileged programs begin. Numbers handed out afterwards must be those of a bare run.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 10; i++)
        if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
            return 1;
    closefrom(3);
    for (int i = 0; i < 3; i++)
        printf("%d\n", open("/dev/null", O_RDONLY | O_CLOEXEC));
    close_range(4, ~0U, CLOSE_RANGE_UNSHARE);
    printf("%d\n", dup(0));
    return 0;
}
