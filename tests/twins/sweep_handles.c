/*
 * A sweep goes over streams and folders, too: upwards over all numbers, or over those that /proc/self/fd lists.
 * EXPECT: nothing
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void open_some(void)
{
    if (fopen("/etc/passwd", "re") == NULL || opendir("/") == NULL || fopen("/etc/passwd", "re") == NULL)
        exit(1);
}

int main(void)
{
    open_some();
    for (int fd = 3; fd < 60; fd++)
        close(fd);
    open_some();
    DIR *list = opendir("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        if (atoi(entry->d_name) > 2 && atoi(entry->d_name) != dirfd(list))
            close(atoi(entry->d_name));
    return closedir(list);
}
