/*
 * A stream is ended twice. libc may well abort the program for that (this one goes before it can); we have told it by then.
 * EXPECT: double-close count=1 owner=FILE birth=load death=finish second-close=finish_again
 * ENDS: 3
 */
#include <err.h>
#include <signal.h>
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
    fclose(file);
}

static void finish_again(FILE *file)
{
    fclose(file);
}

static void leave(int signal)
{
    (void)signal;
    _exit(3);
}

int main(void)
{
    signal(SIGABRT, leave);
    signal(SIGSEGV, leave);
    FILE *file = load();
    finish(file);
    FILE *volatile again = file;
    finish_again(again);
    return 3;
}
