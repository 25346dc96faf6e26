/*
 * Handles that lie where ended ones lay, a standard stream that is opened anew, one that is ended by parent and child, and
 * libc's way of ending all of them.
 * EXPECT: nothing
 */
#include "unseen.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void files(void)
{
    char memory[8];
    for (int i = 0; i < 3; i++) {
        FILE *file = fopen("/etc/passwd", "re");
        if (file == NULL || fclose(file) != 0)
            err(1, "a stream");
        file = fmemopen(memory, sizeof(memory), "r+");
        if (file == NULL || fclose(file) != 0)
            err(1, "a stream of memory");
        file = popen("exit 0", "re");
        if (file == NULL || pclose(file) != 0)
            err(1, "popen");
    }
}

static void folders(void)
{
    for (int i = 0; i < 3; i++) {
        DIR *directory = opendir("/");
        if (directory == NULL || closedir(directory) != 0)
            err(1, "a directory");
    }
}

/* Handles made of numbers nobody saw being born. */
static void of_unseen_numbers(void)
{
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 3; i++) {
        DIR *directory = opendir("/");
        if (directory == NULL || closedir(directory) != 0)
            err(1, "a directory");
        directory = fdopendir((int)unseen(SYS_dup, folder, 0, 0, 0));
        if (directory == NULL || closedir(directory) != 0)
            err(1, "a directory");
    }
    close(folder);
}

/* Each process ends its own. */
static void forked(void)
{
    FILE *file = fopen("/etc/passwd", "re");
    DIR *directory = opendir("/");
    int status;
    if (file == NULL || directory == NULL)
        err(1, "fopen");
    pid_t child = fork();
    if (child == 0) {
        fclose(file);
        closedir(directory);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        errx(1, "the child failed");
    fclose(file);
    closedir(directory);
}

static void standard(void)
{
    FILE *volatile input = stdin;
    for (int i = 0; i < 3; i++) {
        fclose(input);
        if (freopen("/dev/null", "r", input) == NULL)
            err(1, "freopen");
    }
}

int main(void)
{
    files();
    folders();
    of_unseen_numbers();
    forked();
    standard();
    fcloseall();
    return 0;
}
