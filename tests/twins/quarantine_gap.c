/*
 * Between the close inside of fclose and its return the number is given to somebody else, whom no library sees: it is left
 * alone, under quarantine too. The gap is hit for certain because libc frees the stream after it has closed its number.
 * EXPECT: nothing
 * OPTIONS: quarantine=16:verify=1
 */
#include "unseen.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void __libc_free(void *memory);

static int armed, given = -1;

void free(void *memory)
{
    if (armed) {
        armed = 0;
        given = (int)unseen(SYS_openat, AT_FDCWD, (long)"/etc/passwd", O_RDONLY | O_CLOEXEC, 0);
    }
    __libc_free(memory);
}

int main(void)
{
    struct stat expected, found;
    FILE *stream = fopen("/dev/null", "re");
    if (stream == NULL || stat("/etc/passwd", &expected) != 0)
        err(1, "fopen");
    int fd = fileno(stream);
    char byte;
    if (fgetc(stream) != EOF) /* so that it has a buffer */
        errx(1, "/dev/null is not empty");
    armed = 1;
    if (fclose(stream) != 0 || given != fd)
        errx(1, "it was given %d instead of %d", given, fd);
    if (fstat(given, &found) != 0 || found.st_ino != expected.st_ino || read(given, &byte, 1) != 1)
        err(1, "somebody else's file is gone");
    return close(given);
}
