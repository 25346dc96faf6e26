/*
 * A path that is removed when its socket goes, even where something else stands by then, and a name that is no path.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int bind_to(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
        exit(1);
    return fd;
}

int main(int argc, char **argv)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX}, name = {.sun_family = AF_UNIX};
    if (argc < 1 || snprintf(path.sun_path, sizeof(path.sun_path), "%s.s", argv[0]) >= (int)sizeof(path.sun_path))
        return 1;
    snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "fdtrace-twin-%d", (int)getpid());
    unlink(path.sun_path);
    close(bind_to(&path));
    unlink(path.sun_path);
    close(bind_to(&name));
    int file = open(path.sun_path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    return file < 0 || close(file) != 0;
}
