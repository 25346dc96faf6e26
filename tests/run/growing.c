/*
 * A server that a thread of its own asks a hundred times a second, until standard input ends.
 *   growing leaks     every fifth connection is forgotten: 20 more a second, for ever
 *   growing pools     the last 200 are kept and the oldest makes room: it grows for two seconds, and no more
 *   growing bursts    up to 150 pile up before all of them are closed at once
 * scripts/growth.sh runs it.
 * LIBS: -lpthread
 */
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS_PER_SECOND = 100, POOL = 200, BURST = 150 };

static struct sockaddr_in address = {.sin_family = AF_INET};

/* In step with the clock: what one request took is not added to the next wait. */
static void *client(void *unused)
{
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    for (;;) {
        due.tv_nsec += 1000000000 / REQUESTS_PER_SECOND;
        if (due.tv_nsec >= 1000000000)
            due.tv_nsec -= 1000000000, due.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || write(fd, "?", 1) != 1)
            err(1, "client");
        close(fd);
    }
    return unused;
}

static int accept_one(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    char question;
    if (fd < 0 || read(fd, &question, 1) != 1)
        err(1, "accept");
    return fd;
}

static void leak(int fd, uint64_t request)
{
    if (request % 5 != 0)
        close(fd);
}

static void pool(int fd, uint64_t request)
{
    static int fds[POOL];
    if (fds[request % POOL] != 0)
        close(fds[request % POOL]);
    fds[request % POOL] = fd;
}

static void burst(int fd, uint64_t request)
{
    static int fds[BURST];
    fds[request % BURST] = fd;
    for (int i = 0; request % BURST == BURST - 1 && i < BURST; i++)
        close(fds[i]);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*handle)(int fd, uint64_t request);
    } ways[] = {{"leaks", leak}, {"pools", pool}, {"bursts", burst}};
    socklen_t length = sizeof(address);
    pthread_t thread;
    int way = 0, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (way < 3 && (argc != 2 || strcmp(argv[1], ways[way].name) != 0))
        way++;
    if (way == 3)
        errx(2, "usage: growing leaks|pools|bursts");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 || pthread_create(&thread, NULL, client, NULL) != 0)
        err(1, "growing");
    struct pollfd watched[] = {{listener, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    for (uint64_t request = 0; poll(watched, 2, -1) >= 0 && watched[1].revents == 0; request++)
        ways[way].handle(accept_one(listener), request);
    _exit(0);
}
