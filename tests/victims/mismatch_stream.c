/*
 * A stream's number is closed under it; the fclose that follows is the same mistake, and told once.
 * EXPECT: close-mismatch count=1 owner=FILE birth=load second-close=finish
 */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

static FILE *load(void)
{
    FILE *file = fopen("/etc/passwd", "re");
    if (file == NULL)
        err(1, "fopen");
    return file;
}

static void finish(FILE *file)
{
    close(fileno(file));
    fclose(file);
}

int main(void)
{
    finish(load());
    return 0;
}
