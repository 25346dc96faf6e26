/* See output_file.h. */
#include "output_file.h"

#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 8, MODE = 0666 };

static bool folder_of(const char *path, struct stat *folder)
{
    char name[PATH_MAX];
    size_t length = (size_t)(path_last(path) - path);
    if (length >= sizeof(name))
        return false;
    memcpy(name, path, length);
    name[length] = '\0';
    return stat(length > 0 ? name : ".", folder) == 0;
}

/* In a folder of somebody else, his file is what there should be. Where everybody can write, it says nothing. */
static bool is_trusted(const char *path, const struct stat *found)
{
    struct stat folder;
    if (found->st_uid == geteuid() || found->st_uid == 0)
        return true;
    return folder_of(path, &folder) && found->st_uid == folder.st_uid && (folder.st_mode & S_IWOTH) == 0;
}

/* What stands at path, or -errno; EAGAIN: it has changed since found was asked for. */
static int open_found(const char *path, const struct stat *found, int flags)
{
    struct stat now;
    bool link = S_ISLNK(found->st_mode);
    int fd = open(path, link ? flags | O_CREAT : flags | O_NOFOLLOW, MODE);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? -EAGAIN : -errno;
    if (link || (fstat(fd, &now) == 0 && now.st_ino == found->st_ino && now.st_dev == found->st_dev))
        return fd;
    close(fd);
    return -EAGAIN;
}

static int open_output(const char *path, int flags)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct stat found;
        int fd;
        if (lstat(path, &found) == 0) {
            fd = is_trusted(path, &found) ? open_found(path, &found, flags) : -EPERM;
        } else if (errno == ENOENT) {
            fd = open(path, flags | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
            fd = fd < 0 ? errno == EEXIST ? -EAGAIN : -errno : fd;
        } else {
            fd = -errno;
        }
        if (fd != -EAGAIN)
            return fd;
    }
    return -EAGAIN;
}

FILE *output_file_open(const char *path, const char *mode)
{
    /* Emptied once it is certain what it is. */
    bool appends = mode[0] == 'a';
    int fd = open_output(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | (appends ? O_APPEND : 0));
    struct stat status;
    if (fd < 0) {
        errno = -fd;
        return NULL;
    }
    bool good = appends || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || ftruncate(fd, 0) == 0;
    FILE *file = good ? fdopen(fd, mode) : NULL;
    if (file == NULL) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return file;
}

FILE *output_file_beside(const char *path, char *name, size_t size)
{
    if (snprintf(name, size, "%s.XXXXXX", path) >= (int)size) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    mode_t mask = umask(0);
    umask(mask);
    int fd = mkostemp(name, O_CLOEXEC);
    FILE *file = fd >= 0 && fchmod(fd, MODE & ~mask) == 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL && fd >= 0) {
        int error = errno;
        unlink(name);
        close(fd);
        errno = error;
    }
    return file;
}
