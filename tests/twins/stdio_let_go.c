/*
 * All that was inherited is let go of; and output is ended with fclose, to see whether it was written.
 * EXPECT: nothing
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    close(0);
    close(2);
    return fclose(stdout) != 0;
}
