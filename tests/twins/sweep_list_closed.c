/*
 * The list of open descriptors is read to its end and closed, and then everything is closed that it named, its own number
 * included. gpg and many others do so.
 * EXPECT: nothing
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int numbers[64], count = 0;
    for (int i = 0; i < 3; i++)
        if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
            return 1;
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (count < 64 && atoi(entry->d_name) > 2)
            numbers[count++] = atoi(entry->d_name);
    closedir(folder);
    for (int i = 0; i < count; i++)
        close(numbers[i]);
    return count < 4;
}
