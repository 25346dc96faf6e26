/*
 * Reading, writing and sending on numbers that are closed; each use has its own finding.
 * EXPECT: use-after-close count=1 birth=main death=main use=read_late
 * EXPECT: use-after-close count=1 birth=main death=main use=write_late
 * EXPECT: use-after-close count=2 birth=main death=main use=send_late
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t read_late(int fd)
{
    char byte;
    return read(fd, &byte, 1);
}

static ssize_t write_late(int fd)
{
    return write(fd, "x", 1);
}

static ssize_t send_late(int fd)
{
    return send(fd, "x", 1, MSG_NOSIGNAL);
}

int main(void)
{
    int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return 1;
    close(file);
    close(log);
    close(ends[0]);
    close(ends[1]);
    ssize_t answers = read_late(file) + write_late(log);
    for (int i = 0; i < 2; i++)
        answers += send_late(ends[0]);
    return answers != -4;
}
