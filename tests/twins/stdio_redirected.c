/*
 * The oldest way to redirect: close a standard number, and open the file that is to lie there, in one go; a stream that is
 * opened anew; and a program that sees what it was given, and moves it out of the way.
 * EXPECT: nothing
 */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

#include <stdio.h>

static void redirect(const char *path)
{
    close(0);
    if (open(path, O_RDONLY) != 0)
        err(1, "%s", path);
}

static void close_input(void)
{
    close(0);
}

static int open_safely(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return moved;
}

int main(void)
{
    redirect("/etc/passwd");
    if (freopen("/etc/passwd", "r", stdin) == NULL)
        err(1, "freopen");
    close_input();
    close(open_safely("/etc/passwd"));
    return open("/dev/null", O_RDWR) != 0;
}
