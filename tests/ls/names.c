/* Names an attacker would choose, and sockets with and without addresses. Works in its current folder. */
#include "told.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listen_on_loopback(struct sockaddr_in *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)address, size) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &size) != 0)
        return -1;
    return fd;
}

static int bind_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

int main(void)
{
    struct sockaddr_in address;
    tell(open("line\nbreak \033[31mred \377", O_RDWR | O_CREAT, 0600), "confirmed", "file");
    int gone = open("really (deleted)", O_RDWR | O_CREAT, 0600);
    tell(gone, "confirmed", "file");
    int listener = listen_on_loopback(&address), client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, (struct sockaddr *)&address, sizeof(address)) != 0)
        return 1;
    tell(listener, "confirmed", "socket-inet");
    tell(client, "confirmed", "socket-inet");
    tell(accept(listener, NULL, NULL), "confirmed", "socket-inet");
    tell(bind_path("a socket"), "confirmed", "socket-unix");
    tell(socket(AF_INET6, SOCK_DGRAM, 0), "confirmed", "socket-inet6");
    wait_for_the_end();
    return 0;
}
