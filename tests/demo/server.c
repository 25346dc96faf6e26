/*
 * A small server with three ordinary mistakes, for ./scripts/demo.
 *
 * It answers `GET name` with a greeting over loopback TCP. A client thread makes a fixed number of requests, so the
 * program ends by itself. The mistakes, each of a kind that survives reviews:
 *   1. a request that does not parse returns early, and its connection is never closed;
 *   2. the configuration is read through a FILE that nobody closes;
 *   3. the access log is closed by the function that writes its last line, and again by the clean-up in main.
 *
 * EXPECT: leak-at-exit count=4 kind=socket-inet call=accept birth=serve_one
 * EXPECT: leak-at-exit count=1 kind=file call=fopen owner=FILE birth=config_read
 * EXPECT: double-close count=1 birth=log_open death=log_finish second-close=main
 * LIBS: -lpthread
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS 12

struct config {
    char greeting[32];
    struct sockaddr_in address; /* where the server listens, known after bind */
};

static void config_read(struct config *config, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        err(1, "%s", path);
    if (fgets(config->greeting, sizeof(config->greeting), file) == NULL)
        errx(1, "%s: empty", path);
    config->greeting[strcspn(config->greeting, "\n")] = '\0';
}

static int log_open(void)
{
    int log = open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC);
    if (log < 0)
        err(1, "access log");
    return log;
}

static void log_finish(int log, int served)
{
    dprintf(log, "served %d requests\n", served);
    close(log);
}

static int server_listen(struct config *config)
{
    socklen_t length = sizeof(config->address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    config->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (listener < 0 || bind(listener, (struct sockaddr *)&config->address, length) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&config->address, &length) != 0)
        err(1, "listen");
    return listener;
}

static void serve_one(const struct config *config, int listener, int log)
{
    char request[64], name[32];
    int connection = accept(listener, NULL, NULL);
    if (connection < 0)
        err(1, "accept");
    ssize_t length = read(connection, request, sizeof(request) - 1);
    request[length > 0 ? length : 0] = '\0';
    if (sscanf(request, "GET %31s", name) != 1) {
        dprintf(log, "bad request\n");
        return;
    }
    dprintf(connection, "%s, %s!\n", config->greeting, name);
    close(connection);
}

/* Every third request is a bad one. */
static void *client(void *argument)
{
    const struct config *config = argument;
    for (int i = 0; i < REQUESTS; i++) {
        int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(connection, (const struct sockaddr *)&config->address, sizeof(config->address)) != 0)
            err(1, "connect");
        char reply[64];
        bool bad = i % 3 == 2;
        dprintf(connection, "%s client%d\n", bad ? "PUT" : "GET", i);
        if (!bad && read(connection, reply, sizeof(reply)) <= 0)
            errx(1, "no reply");
        close(connection);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct config config;
    pthread_t thread;
    config_read(&config, argc > 1 ? argv[1] : "tests/demo/server.conf");
    int log = log_open();
    int listener = server_listen(&config);
    if (pthread_create(&thread, NULL, client, &config) != 0)
        errx(1, "cannot start the client");
    for (int served = 0; served < REQUESTS; served++)
        serve_one(&config, listener, log);
    pthread_join(thread, NULL);
    log_finish(log, REQUESTS);
    close(listener);
    close(log);
    return 0;
}
