/*
 * A daemon closes all numbers from 3 on, in each of the usual ways, and takes along what libc keeps for itself: the user
 * database, the connection to the system log. Each time a note, which tells how many of them there were.
 * NEEDS: root
 * EXPECT: close-mismatch severity=note count=2 kind=file owner=none name=/etc/passwd second-close=by_loop
 * EXPECT: close-mismatch severity=note count=1 kind=file owner=none name=/etc/passwd second-close=by_closefrom
 * EXPECT: close-mismatch severity=note count=1 kind=socket-unix owner=syslog second-close=by_closefrom
 * EXPECT: close-mismatch severity=note count=1 kind=socket-unix owner=syslog second-close=by_range
 * EXPECT: close-mismatch severity=note count=1 kind=socket-unix owner=syslog second-close=by_number
 * EXPECT: close-mismatch severity=note count=1 kind=socket-unix owner=syslog second-close=from_log
 */
#include "system_log.h"

#include <pwd.h>
#include <syslog.h>

static void by_loop(int most)
{
    for (int fd = 3; fd < most; fd++)
        close(fd);
}

static void by_closefrom(int from)
{
    closefrom(from);
}

static void by_range(int from)
{
    close_range((unsigned)from, ~0u, 0);
}

static int open_one(void)
{
    return open("/etc/hostname", O_RDONLY | O_CLOEXEC);
}

/* No more than is open, and the log is the last. */
static void by_number(void)
{
    int first = open_one();
    openlog("fdtrace-victim", LOG_NDELAY, LOG_USER);
    for (int fd = first; fd <= first + 1; fd++)
        close(fd);
}

/* The same, and the log is the first. */
static void from_log(void)
{
    int first = open_one();
    close(first);
    openlog("fdtrace-victim", LOG_NDELAY, LOG_USER);
    for (int last = open_one(), fd = first; fd <= last; fd++)
        close(fd);
}

static void open_log(void)
{
    closelog();
    openlog("fdtrace-victim", LOG_NDELAY, LOG_USER);
}

int main(void)
{
    for (int i = 0; i < 2; i++) {
        endpwent();
        getpwent();
        by_loop(64);
    }
    endpwent();
    if (log_begin() != 0)
        return 1;
    open_log();
    getpwent();
    log_end();
    by_closefrom(3);
    endpwent();
    if (log_begin() != 0)
        return 1;
    open_log();
    log_end();
    by_range(3);
    closelog();
    if (log_begin() != 0)
        return 1;
    by_number();
    closelog();
    from_log();
    log_end();
    return 0;
}
