/*
 * A standard stream is ended twice: libc survives that, for they are never freed, and number 0 is closed but once. By the
 * second time the number is another file's, which goes on unharmed.
 * EXPECT: double-close count=1 death=finish second-close=finish_again
 * EXPECT: stdio-slot-reuse birth=main
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void finish(FILE *stream)
{
    fclose(stream);
}

static void finish_again(FILE *stream)
{
    fclose(stream);
}

int main(void)
{
    FILE *volatile input = stdin;
    char byte;
    finish(input);
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (fd != 0)
        errx(1, "the number was not given out again");
    finish_again(input);
    if (read(fd, &byte, 1) != 1)
        err(1, "read");
    return 0;
}
