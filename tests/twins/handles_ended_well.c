/*
 * Handles that end as they should, though it looks otherwise: new ones at the same address, streams without a number, a
 * stream whose number dup2 gave another file, and a child that closes its parent's numbers.
 * EXPECT: nothing
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void ended_by_child(void)
{
    FILE *file = fopen("/etc/passwd", "re");
    pid_t child = fork();
    if (child == 0) {
        close(fileno(file));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    fclose(file);
}

static void restored(void)
{
    FILE *file = fopen("/etc/passwd", "re");
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup3(other, fileno(file), O_CLOEXEC);
    close(other);
    fclose(file);
}

int main(void)
{
    char text[100], *grown;
    size_t size;
    for (int i = 0; i < 20; i++) {
        fclose(fopen("/etc/passwd", "re"));
        fclose(fmemopen(text, sizeof(text), "w"));
        fclose(open_memstream(&grown, &size));
        free(grown);
        closedir(opendir("/"));
        pclose(popen("exit 0", "re"));
        FILE *mounts = setmntent("/proc/self/mounts", "r");
        if (mounts != NULL)
            i % 2 == 0 ? (void)endmntent(mounts) : (void)fclose(mounts);
    }
    ended_by_child();
    restored();
    return 0;
}
