/*
 * Sockets of the program's own to the system log, its own look into the user database: it may close them as it likes. What
 * libc keeps is ended by libc.
 * NEEDS: root
 * EXPECT: nothing
 * NEVER: close-mismatch
 */
#include "system_log.h"

#include <pwd.h>
#include <syslog.h>

int main(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    if (log_begin() != 0)
        return 1;
    int own = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), users = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (connect(own, (struct sockaddr *)&address, sizeof(address)) != 0 || users < 0)
        return 1;
    openlog("fdtrace-twin", LOG_NDELAY, LOG_USER);
    getpwent();
    close(own);
    close(users);
    closelog();
    endpwent();
    log_end();
    return 0;
}
