/*
 * A DIR nobody closes.
 * EXPECT: leak-at-exit count=1 kind=dir call=opendir owner=DIR name=/etc birth=list
 */
#include <dirent.h>
#include <err.h>
#include <stddef.h>

static void list(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL || readdir(folder) == NULL)
        err(1, "%s", path);
}

int main(void)
{
    list("/etc");
    return 0;
}
