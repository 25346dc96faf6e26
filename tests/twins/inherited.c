/*
 * What was there when the program began belongs to somebody else: 0 to 2 stay open and nobody minds.
 * EXPECT: nothing
 */
#include <stdio.h>

int main(void)
{
    return puts("hello") < 0;
}
