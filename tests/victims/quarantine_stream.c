/*
 * A stream whose number was closed under it ends, after another part of the program has opened something: bare, fclose takes
 * that with it. With the number in quarantine fclose fails, and nothing else is harmed.
 * EXPECT: close-mismatch count=1 second-close=rob
 * OPTIONS: quarantine=16:verify=1
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void rob(FILE *stream)
{
    close(fileno(stream));
}

int main(void)
{
    FILE *stream = fopen("/etc/passwd", "re");
    char byte;
    rob(stream);
    int innocent = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
    if (fclose(stream) != EOF)
        errx(1, "the stream took something with it");
    if (read(innocent, &byte, 1) != 1)
        err(1, "read");
    return close(innocent);
}
