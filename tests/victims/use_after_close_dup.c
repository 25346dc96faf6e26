/*
 * A copy is made of a number that has been closed; and what is sent to three closed ones in a row is no sweep yet.
 * EXPECT: use-after-close count=1 birth=main death=main use=copy_late
 * EXPECT: use-after-close count=3 birth=open_three death=main use=send_late
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int copy_late(int fd)
{
    return dup(fd);
}

static ssize_t send_late(int fd)
{
    return send(fd, "x", 1, MSG_NOSIGNAL);
}

static void open_three(int *fds)
{
    for (int i = 0; i < 3; i++)
        fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int main(void)
{
    int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC), clients[3];
    ssize_t answers = 0;
    open_three(clients);
    close(file);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    answers += copy_late(file);
    for (int i = 0; i < 3; i++)
        answers += send_late(clients[i]);
    return answers != -4;
}
