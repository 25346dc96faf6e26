/*
 * A program no library can be loaded into.
 * LIBS: -static
 */
#include <stdio.h>

int main(void)
{
    puts("ran");
    return 7;
}
