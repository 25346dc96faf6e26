/*
 * A variable that was never set is closed: it was 0, and the close succeeded by luck.
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
    return 0;
}
