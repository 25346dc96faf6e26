/*
 * The same, as position-independent code: ET_DYN like any dynamic program, but without an interpreter.
 * LIBS: -static-pie
 */
#include <stdio.h>

int main(void)
{
    puts("ran");
    return 7;
}
