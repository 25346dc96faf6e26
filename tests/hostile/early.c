/*
 * Calls that come before the tracer's constructor work, and what they opened is known.
 * VERIFY: yes
 * LIBS: -L@D -learly -Wl,-rpath,@D
 */
#include <stdio.h>
#include <unistd.h>

extern int early_fd;

int main(void)
{
    char byte;
    printf("%d %zd\n", early_fd, read(early_fd, &byte, 1));
    return 0;
}
