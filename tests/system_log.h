/* A system log to connect to, where none is running: /dev/log, for one program at a time. Wants root. */
#ifndef FDTRACE_TESTS_SYSTEM_LOG_H
#define FDTRACE_TESTS_SYSTEM_LOG_H

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int log_lock = -1, log_server = -1;

/* The folder is the lock: what two tests do at once they do one after the other. */
static int log_begin(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    log_lock = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (probe < 0 || flock(log_lock, LOCK_EX) != 0)
        return -1;
    int absent = connect(probe, (struct sockaddr *)&address, sizeof(address));
    close(probe);
    if (absent == 0)
        return 0;
    unlink(address.sun_path); /* of one that was killed */
    log_server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return bind(log_server, (struct sockaddr *)&address, sizeof(address));
}

static void log_end(void)
{
    if (log_server >= 0) {
        unlink("/dev/log");
        close(log_server);
    }
    close(log_lock);
}

#endif
