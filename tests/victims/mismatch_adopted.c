/*
 * Numbers given to fdopen and fdopendir belong to the stream from then on; a folder's number is the folder's.
 * EXPECT: close-mismatch count=1 owner=FILE second-close=finish_stream
 * EXPECT: close-mismatch count=1 owner=DIR second-close=finish_given
 * EXPECT: close-mismatch count=1 owner=DIR second-close=finish_folder
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void finish_stream(int fd)
{
    close(fd);
}

static void finish_given(int fd)
{
    close(fd);
}

static void finish_folder(DIR *folder)
{
    close(dirfd(folder));
    closedir(folder);
}

int main(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    FILE *file = fdopen(fd, "r");
    finish_stream(fd);
    fclose(file);
    fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fdopendir(fd);
    finish_given(fd);
    closedir(folder);
    finish_folder(opendir("/"));
    return 0;
}
