/*
 * Copies are lifetimes of their own, whichever call made them; the original is closed.
 * EXPECT: leak-at-exit count=1 kind=file call=dup birth=copy_plain
 * EXPECT: leak-at-exit count=1 kind=file call=dup2 birth=copy_onto
 * EXPECT: leak-at-exit count=1 kind=file call=fcntl birth=copy_above
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

static void check(int fd)
{
    if (fd < 0)
        err(1, "copy");
}

static void copy_plain(int fd)
{
    check(dup(fd));
}

static void copy_onto(int fd)
{
    check(dup2(fd, 100));
}

static void copy_above(int fd)
{
    check(fcntl(fd, F_DUPFD_CLOEXEC, 50));
}

int main(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    copy_plain(fd);
    copy_onto(fd);
    copy_above(fd);
    return close(fd);
}
