/*
 * The program itself goes on into another one, with the file still open: not a leak at exit, but one across the exec.
 * EXPECT: leak-across-exec count=1 crossings=1 target=/bin/true kind=file call=fopen birth=load exec=main
 */
#include <stdio.h>
#include <unistd.h>

static FILE *load(void)
{
    return fopen("/etc/passwd", "r");
}

int main(void)
{
    if (load() == NULL)
        return 1;
    execl("/bin/true", "true", (char *)NULL);
    return 2;
}
