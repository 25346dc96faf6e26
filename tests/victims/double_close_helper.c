/*
 * One function ends connections, another one logs. A connection is ended twice, from two places; the log had its number in
 * between, and is not blamed.
 * EXPECT: double-close count=1 birth=connection_open death=connection_end second-close=connection_end
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) static int connection_open(void)
{
    return open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

/* What follows the close keeps it from becoming a jump, which would leave no trace of this function. */
__attribute__((noinline)) static int connection_end(int fd)
{
    int answer = close(fd);
    return answer < 0 ? -2 : 0;
}

__attribute__((noinline)) static int log_end(int fd)
{
    int answer = close(fd);
    return answer < 0 ? -3 : 0;
}

int main(void)
{
    int connection = connection_open();
    if (connection_end(connection) != 0)
        return 1;
    int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (log != connection || log_end(log) != 0)
        return 1;
    return connection_end(connection) == -2 ? 0 : 1;
}
