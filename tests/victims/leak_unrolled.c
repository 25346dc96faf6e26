/*
 * What becomes of a loop that the compiler unrolls: several calls of one line. It is told once; so is the file that crosses
 * into a program in several places of one line, which is one lifetime still.
 * EXPECT: leak-at-exit count=6 kind=pipe call=pipe2 birth=main
 * EXPECT: leak-at-exit count=1 kind=file call=open name=/etc/passwd birth=main
 * EXPECT: leak-across-exec count=1 crossings=3 target=sh name=/etc/passwd birth=main exec=main
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define THREE_TIMES(call) ((call) + (call) + (call))

int main(void)
{
    int ends[2], failed = THREE_TIMES(pipe2(ends, O_CLOEXEC));
    if (open("/etc/passwd", O_RDONLY) < 0)
        return 1;
    failed += THREE_TIMES(system("exit 0"));
    return failed != 0;
}
