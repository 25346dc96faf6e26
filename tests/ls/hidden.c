/* Walks the user database, for which libc keeps a file open that no call of the program has opened. */
#include "told.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>

static int find(const char *wanted)
{
    DIR *folder = opendir("/proc/self/fd");
    int found = -1;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char name[64];
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, name, sizeof(name) - 1);
        name[length > 0 ? length : 0] = '\0';
        if (strcmp(name, wanted) == 0)
            found = atoi(entry->d_name);
    }
    closedir(folder);
    return found;
}

int main(void)
{
    setpwent();
    getpwent();
    int kept = find("/etc/passwd");
    tell(kept, "hidden", "file");
    tell(open("/etc/passwd", O_RDONLY), "confirmed", "file"); /* the same file, opened by the program itself */
    wait_for_the_end();
    return 0;
}
