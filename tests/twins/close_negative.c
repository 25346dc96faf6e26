/*
 * close(-1) in an error path closes nothing of anybody's; nor do numbers that never lived.
 * EXPECT: nothing
 */
#include <errno.h>
#include <unistd.h>

int main(void)
{
    char byte;
    return close(-1) != -1 || close(-100) != -1 || close(900) != -1 || close(2000000000) != -1 ||
           read(-1, &byte, 1) != -1 || errno != EBADF;
}
