/* One descriptor of each way into the world, for the test to look at call, owner, lineage and place. */
#include "told.h"

#include <dirent.h>
#include <fcntl.h>

static int open_here(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    int opened = open_here("/etc/hostname"), copy = dup(opened);
    FILE *stream = fopen("/etc/passwd", "r");
    DIR *folder = opendir("/etc");
    tell(opened, "confirmed", "file");
    tell(copy, "confirmed", "file");
    tell(fileno(stream), "confirmed", "file");
    tell(dirfd(folder), "confirmed", "dir");
    wait_for_the_end();
    return 0;
}
