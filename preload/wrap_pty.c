/*
 * Pseudoterminals. libc opens both sides inside itself (the slave by an ioctl of the master).
 */
#include "compat.h"
#include "process.h"
#include "shapes.h"

#include <pty.h>
#include <utmp.h>

BIRTH(posix_openpt, "posix_openpt", ((int, flags)), .kind = FDT_PTY_MASTER, .cloexec = flags & O_CLOEXEC, .flags = (uint32_t)flags, .name = "/dev/ptmx")

HOOK(getpt, "getpt");
EXPORT int getpt(void)
{
    struct call call = CALL(getpt);
    int fd = REAL(getpt)();
    fd_born(&call, fd, NEWBORN(.kind = FDT_PTY_MASTER, .flags = O_RDWR, .name = "/dev/ptmx"));
    return fd;
}

#define PTY_SIDE(side) NEWBORN(.kind = side, .owner = FDT_OWNER_PTY, .flags = O_RDWR)

HOOK(openpty, "openpty");
EXPORT int openpty(int *master, int *slave, char *name, const struct termios *settings, const struct winsize *size)
{
    struct call call = CALL(openpty);
    int answer = REAL(openpty)(master, slave, name, settings, size);
    if (answer < 0) {
        fd_refused(&call);
        return answer;
    }
    fd_born(&call, *master, PTY_SIDE(FDT_PTY_MASTER));
    fd_born(&call, *slave, PTY_SIDE(FDT_TTY));
    return answer;
}

/*
 * Only the parent keeps the master. To the child 0, 1 and 2 have been given anew, inside libc, as login_tty would; its
 * other numbers are as the kernel tells them at its first event, the first of these deaths.
 */
HOOK(forkpty, "forkpty");
EXPORT pid_t forkpty(int *master, char *name, const struct termios *settings, const struct winsize *size)
{
    struct call call = CALL(forkpty);
    pid_t pid = REAL(forkpty)(master, name, settings, size);
    if (pid < 0)
        fd_refused(&call);
    else if (pid > 0) {
        fd_born(&call, *master, PTY_SIDE(FDT_PTY_MASTER));
        process_has_forked(&call, pid, store_now());
    }
    for (int i = 0; pid == 0 && i < 3; i++) {
        struct dying dying = fd_dying(&call, i);
        fd_died(&call, &dying, 0);
        fd_born(&call, i, PTY_SIDE(FDT_TTY));
    }
    return pid;
}

/*
 * login_tty puts fd on 0, 1 and 2 and closes fd itself when it is none of them. It fails before it has touched a
 * number, when the terminal cannot be made the controlling one.
 */
HOOK(login_tty, "login_tty");
EXPORT int login_tty(int fd)
{
    struct call call = CALL(login_tty);
    enum fdt_kind kind = fd_kind(fd);
    struct dying dying[4];
    for (int i = 0; i < 3; i++)
        dying[i] = fd_dying(&call, i != fd ? i : -1);
    dying[3] = fd_dying(&call, fd > 2 ? fd : -1);

    int answer = REAL(login_tty)(fd);
    if (answer < 0) {
        for (int i = 0; i < 4; i++)
            fd_survived(&call, &dying[i]);
        fd_used(&call, answer, fd);
        return answer;
    }
    for (int i = 0; i < 4; i++)
        fd_died(&call, &dying[i], 0);
    /* Not fd_duped: the source's record has just been ended. */
    for (int i = 0; i < 3; i++)
        if (i != fd)
            fd_born(&call, i, NEWBORN(.kind = kind != FDT_OTHER ? kind : FDT_TTY, .from = fd));
    return answer;
}
