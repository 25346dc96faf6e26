/*
 * The close of a variable that was never set is all the program does to a descriptor: nobody has ever read its input.
 * EXPECT: stdio-closed count=1 death=finish
 */
#include <unistd.h>

static int connection;

static void finish(void)
{
    close(connection);
}

int main(void)
{
    finish();
    return write(1, "done\n", 5) != 5;
}
