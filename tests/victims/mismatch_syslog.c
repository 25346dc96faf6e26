/*
 * The number of libc's connection to the system log is closed like one of the program's own: a stale variable, or an
 * uninitialised one. The next syslog() writes into whatever is given the number then.
 * NEEDS: root
 * EXPECT: close-mismatch severity=error count=1 kind=socket-unix owner=syslog second-close=forget
 */
#include "system_log.h"

#include <syslog.h>

static void forget(int stale)
{
    close(stale);
}

int main(void)
{
    if (log_begin() != 0)
        return 1;
    int stale = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
    close(stale);
    openlog("fdtrace-victim", LOG_NDELAY, LOG_USER);
    forget(stale);
    log_end();
    return 0;
}
