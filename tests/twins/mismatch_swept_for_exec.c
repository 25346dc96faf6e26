/*
 * A forked child closes everything before it executes another program: what libc kept in it goes with it.
 * NEEDS: root
 * EXPECT: nothing
 * NEVER: close-mismatch
 */
#include "system_log.h"

#include <pwd.h>
#include <sys/wait.h>
#include <syslog.h>

int main(void)
{
    int status = 1;
    if (log_begin() != 0)
        return 1;
    openlog("fdtrace-twin", LOG_NDELAY, LOG_USER);
    getpwent();
    pid_t child = fork();
    if (child == 0) {
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    waitpid(child, &status, 0);
    closelog();
    endpwent();
    log_end();
    return status;
}
