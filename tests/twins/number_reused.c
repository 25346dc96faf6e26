/*
 * One number, closed many times by many lines: each close ends a lifetime of its own.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 10; i++) {
        int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        close(file);
        int again = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (again != file || close(again) != 0)
            return 1;
    }
    return 0;
}
