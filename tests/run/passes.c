/*
 * Descriptors that travel: a parent sends three messages through a socketpair before its forked child takes the first, and
 * another child, another program by then, gets one through a named socket. What was received stays open.
 * usage: passes FOLDER
 */
#include "messages.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_first(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int open_second(void)
{
    return open("/etc/group", O_RDONLY | O_CLOEXEC);
}

static int open_third(void)
{
    return open("/etc/hostname", O_RDONLY | O_CLOEXEC);
}

static int finish(pid_t child)
{
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : 1;
}

static int through_a_pair(void)
{
    int pair[2], fds[3] = {open_first(), open_second(), open_third()};
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) != 0 || give(pair[0], fds, 1) != 0 ||
        give(pair[0], fds + 1, 1) != 0 || give(pair[0], fds + 2, 1) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        int last = -1;
        close(take(pair[1], CMSG_SPACE(sizeof(int)), 0));
        close(take(pair[1], CMSG_SPACE(sizeof(int)), 0));
        last = take(pair[1], CMSG_SPACE(sizeof(int)), 0);
        char byte;
        _exit(read(last, &byte, 1) != 1);
    }
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    close(pair[0]);
    close(pair[1]);
    return finish(child);
}

static struct sockaddr_un address(const char *folder)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "%s/socket", folder);
    return name;
}

static int receive(const char *folder)
{
    struct sockaddr_un name = address(folder);
    char byte;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&name, sizeof(name)) != 0)
        return 1;
    int received = take(fd, CMSG_SPACE(sizeof(int)), 0);
    close(fd);
    return read(received, &byte, 1) != 1;
}

static int through_a_name(const char *folder)
{
    struct sockaddr_un name = address(folder);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = open_second();
    if (bind(listener, (struct sockaddr *)&name, sizeof(name)) != 0 || listen(listener, 1) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "passes", folder, "receive", (char *)NULL);
        _exit(1);
    }
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    int failed = give(connection, &fd, 1) | finish(child);
    close(connection);
    close(listener);
    close(fd);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return receive(argv[1]);
    return argc < 2 || through_a_pair() != 0 || through_a_name(argv[1]) != 0;
}
