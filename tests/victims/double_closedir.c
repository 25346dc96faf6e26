/*
 * A directory stream is ended twice. libc aborts the program for that at the latest (this one goes before it can); we have
 * told it by then.
 * EXPECT: double-close count=1 owner=DIR birth=list death=finish second-close=finish_again
 * ENDS: 3
 */
#include <dirent.h>
#include <err.h>
#include <signal.h>
#include <unistd.h>

static DIR *list(void)
{
    DIR *directory = opendir("/");
    if (directory == NULL)
        err(1, "opendir");
    return directory;
}

static void finish(DIR *directory)
{
    closedir(directory);
}

static void finish_again(DIR *directory)
{
    closedir(directory);
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
    DIR *directory = list();
    finish(directory);
    DIR *volatile again = directory;
    finish_again(again);
    return 3;
}
