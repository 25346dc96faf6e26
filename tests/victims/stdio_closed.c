/*
 * A variable that was never set is closed in place of the right one: it was 0, and the close succeeded by luck.
 * EXPECT: stdio-closed count=1 death=finish
 * EXPECT: leak-at-exit count=1 name=/etc/passwd
 */
#include <fcntl.h>
#include <unistd.h>

static int connection;

static void finish(void)
{
    close(connection);
}

int main(void)
{
    if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0)
        return 1;
    finish();
    return 0;
}
