/* Rows of preload/wrap_pty.c. */
#include "row.h"

#include <pty.h>
#include <sys/wait.h>
#include <utmp.h>

ROW(posix_openpt)
{
    kept("posix_openpt", posix_openpt(O_RDWR | O_NOCTTY));
    kept("posix_openpt", posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
}

ROW(getpt)
{
    kept("getpt", getpt());
}

ROW(openpty)
{
    int master, slave;
    kept("openpty", openpty(&master, &slave, NULL, NULL, NULL));
}

static void child_ended_well(pid_t child)
{
    int status;
    MUST(waitpid(child, &status, 0) == child && status == 0);
}

ROW(forkpty)
{
    int master;
    fflush(stdout);
    pid_t child = forkpty(&master, NULL, NULL, NULL);
    if (child == 0)
        _exit(all_true() ? 0 : 1);
    kept("forkpty", child > 0 ? master : -1);
    child_ended_well(child);
}

/* In a child, because it gives 0, 1 and 2 away; with a slave above them and with one among them. */
ROW(login_tty)
{
    int master, slave;
    MUST(openpty(&master, &slave, NULL, NULL, NULL) == 0);
    misused("login_tty", login_tty(stale()));
    fflush(stdout);
    for (int i = 0, at = slave; i < 2; i++, at = 1) {
        pid_t child = fork();
        if (child == 0)
            _exit(dup2(slave, at) == at && login_tty(at) == 0 && isatty(0) && isatty(2) && all_true() ? 0 : 1);
        child_ended_well(child);
    }
}
