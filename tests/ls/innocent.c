/*
 * What looks like a replacement and is none: a file renamed while open, one deleted, one deleted and made anew under
 * its name, one rotated as logs are, a link pointed elsewhere, a folder renamed. Works in its current folder.
 */
#include "told.h"

#include <fcntl.h>
#include <sys/stat.h>

static int make(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

int main(void)
{
    close(make("target-1"));
    close(make("target-2"));
    if (symlink("target-1", "link") != 0 || mkdir("folder", 0700) != 0)
        return 1;
    int renamed = make("old-name"), deleted = make("deleted"), anew = make("anew"), rotated = make("log");
    int linked = open("link", O_RDWR), inside = make("folder/file"), directory = open(".", O_RDONLY | O_DIRECTORY);
    rename("old-name", "new-name");
    unlink("deleted");
    unlink("anew");
    close(make("anew"));
    rename("log", "log.1");
    rename("target-2", "log");
    unlink("link");
    if (symlink("log", "link") != 0)
        return 1;
    rename("folder", "folder.old");
    tell(renamed, "confirmed", "file");
    tell(deleted, "confirmed", "file");
    tell(anew, "confirmed", "file");
    tell(rotated, "confirmed", "file");
    tell(linked, "confirmed", "file");
    tell(inside, "confirmed", "file");
    tell(directory, "confirmed", "dir");
    wait_for_the_end();
    return 0;
}
