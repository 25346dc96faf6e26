/*
 * User code that runs inside libc (here in qsort) is the user's code: its leak is told.
 * EXPECT: leak-at-exit count=1 kind=file call=open birth=compare
 */
#include <fcntl.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    static int once = -1;
    if (once < 0)
        once = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return *(const int *)left - *(const int *)right;
}

int main(void)
{
    int numbers[] = {3, 1, 2};
    qsort(numbers, 3, sizeof(int), compare);
    return numbers[0] - 1;
}
