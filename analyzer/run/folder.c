/* Making, looking into and removing a session folder. See folder.h. */
#include "run/folder.h"

#include "fdtrace/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the library can take: its paths are 512 bytes (preload/store.h), with room for "/PID.IMAGE.fdt". */
enum { FOLDER_LENGTH_MOST = 480 };

static int explain(char *error, size_t size, int code, const char *path, const char *what)
{
    snprintf(error, size, "%s %s", path, what);
    return code;
}

bool run_folder_is_recording(const char *name, int *pid, unsigned *image)
{
    int end = 0;
    return name[0] >= '1' && name[0] <= '9' && sscanf(name, "%9d.%9u" FDT_SUFFIX "%n", pid, image, &end) == 2 &&
           end > 0 && name[end] == '\0';
}

DIR *run_folder_open(const struct run_folder *folder)
{
    int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL && fd >= 0)
        close(fd);
    return directory;
}

/* mkdir obeys the umask, which may forbid even us. */
static int make_private(const char *path)
{
    if (mkdir(path, 0700) < 0)
        return -errno;
    return chmod(path, 0700) < 0 ? -errno : 0;
}

/* The random part keeps others from taking the name before us; mkdir fails on whatever stands there. */
static int make_unasked(struct run_folder *folder, char *error, size_t error_size)
{
    const char *temporary = getenv("TMPDIR");
    const char *const parents[] = {"/dev/shm", temporary != NULL && *temporary == '/' ? temporary : "/tmp", "/tmp"};
    int result = -ENOENT;
    for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        unsigned long random = 0;
        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
            return explain(error, error_size, -EIO, "getrandom", "gave no random number for the session's name");
        int length = snprintf(folder->path, sizeof(folder->path), "%s/fdtrace-%u-%d-%016lx", parents[i],
                              (unsigned)geteuid(), (int)getpid(), random);
        if (length <= FOLDER_LENGTH_MOST && (result = make_private(folder->path)) == 0) {
            folder->made = true;
            return 0;
        }
    }
    snprintf(error, error_size,
             "no session folder can be made in /dev/shm, $TMPDIR or /tmp: %s; name a writable place with --session",
             strerror(-result));
    return result;
}

/* A second run in the folder of a first would be told as one. */
static bool holds_recordings(const struct run_folder *folder)
{
    int pid;
    unsigned image;
    bool found = false;
    DIR *directory = run_folder_open(folder);
    for (const struct dirent *entry; directory != NULL && !found && (entry = readdir(directory)) != NULL;)
        found = run_folder_is_recording(entry->d_name, &pid, &image);
    if (directory != NULL)
        closedir(directory);
    return found;
}

static int make_asked_for(struct run_folder *folder, const char *wanted, char *error, size_t error_size)
{
    struct stat status;
    int result = make_private(wanted);
    if (result < 0 && result != -EEXIST) {
        snprintf(error, error_size, "cannot make the session folder %s: %s", wanted, strerror(-result));
        return result;
    }
    folder->made = result == 0;
    if (realpath(wanted, folder->path) == NULL || stat(folder->path, &status) < 0) {
        result = -errno;
        snprintf(error, error_size, "cannot use the session folder %s: %s", wanted, strerror(errno));
        return result;
    }
    if (!S_ISDIR(status.st_mode))
        return explain(error, error_size, -ENOTDIR, wanted, "is not a folder; --session wants a new or an empty one");
    if (status.st_uid != geteuid())
        return explain(error, error_size, -EPERM, wanted, "belongs to another user; name a session folder of your own");
    if ((status.st_mode & 077) != 0)
        return explain(error, error_size, -EPERM, wanted,
                       "can be entered by others, who must not see recordings; chmod 700 it, or name a new folder");
    if (strlen(folder->path) > FOLDER_LENGTH_MOST)
        return explain(error, error_size, -ENAMETOOLONG, wanted,
                       "is too long a path for a session; name a shorter one");
    if (holds_recordings(folder))
        return explain(error, error_size, -EEXIST, wanted,
                       "holds the recordings of another run; name a new folder, or remove that one");
    return 0;
}

int run_folder_make(struct run_folder *folder, const char *wanted, char *error, size_t error_size)
{
    *folder = (struct run_folder){.asked_for = wanted != NULL};
    return wanted != NULL ? make_asked_for(folder, wanted, error, error_size)
                          : make_unasked(folder, error, error_size);
}

void run_folder_write_command(const struct run_folder *folder, char *const *words)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof(path), "%s/command", folder->path);
    unlink(path); /* of an earlier run whose recordings are gone */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL)
        return;
    for (; *words != NULL; words++)
        fwrite(*words, strlen(*words) + 1, 1, file);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        unlink(path);
}

bool run_folder_recorded(const struct run_folder *folder, pid_t pid)
{
    int writer;
    unsigned image;
    bool found = false;
    DIR *directory = run_folder_open(folder);
    for (const struct dirent *entry; directory != NULL && !found && (entry = readdir(directory)) != NULL;)
        found = run_folder_is_recording(entry->d_name, &writer, &image) && writer == pid;
    if (directory != NULL)
        closedir(directory);
    return found;
}

void run_folder_remove(const struct run_folder *folder)
{
    int pid;
    unsigned image;
    DIR *directory = run_folder_open(folder);
    if (directory == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (run_folder_is_recording(entry->d_name, &pid, &image) || strcmp(entry->d_name, "command") == 0 ||
            strcmp(entry->d_name, RUN_LIBRARY) == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    if (folder->made)
        rmdir(folder->path);
}
