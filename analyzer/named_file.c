/* See named_file.h. */
#include "named_file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <unistd.h>

/* Foreign bytes kept at one time, and the largest file of one's own that is copied. Larger ones of one's own are mapped. */
enum { FOREIGN_MOST = 512 << 20, COPY_MOST = 32 << 20, GROUPS_MOST = 256 };

static struct {
    bool foreign, several; /* several: of more than one owner, whose rights have nothing in common */
    uid_t owner;
    gid_t group;
    size_t loaded;
} recordings;

void named_files_of(const struct stat *recording)
{
    if (recording->st_uid == geteuid())
        return;
    recordings.several |= recordings.foreign && recordings.owner != recording->st_uid;
    recordings.foreign = true;
    recordings.owner = recording->st_uid;
    recordings.group = recording->st_gid;
}

bool named_files_foreign(void)
{
    return recordings.foreign;
}

/* open(2) with the rights of the recordings' owner. Whoever is not root has no more rights than that to put aside. */
static int open_as_owner(const char *path, int flags)
{
    gid_t groups[GROUPS_MOST];
    int count = getgroups(GROUPS_MOST, groups), fd = -1;
    if (recordings.several || count < 0 || setgroups(1, &recordings.group) < 0)
        return -1;
    gid_t group = (gid_t)setfsgid(recordings.group);
    uid_t user = (uid_t)setfsuid(recordings.owner);
    /* The two cannot fail but by doing nothing (setfsuid(2)); asking with an impossible id tells. */
    if (setfsuid((uid_t)-1) == (int)recordings.owner && setfsgid((gid_t)-1) == (int)recordings.group)
        fd = open(path, flags);
    setfsuid(user);
    setfsgid(group);
    if (setgroups((size_t)count, groups) < 0 && fd >= 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int named_file_open(const char *path, struct stat *status)
{
    int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = recordings.foreign && geteuid() == 0 ? open_as_owner(path, flags) : open(path, flags);
    if (fd >= 0 && fstat(fd, status) == 0 && S_ISREG(status->st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* As much of it as there is now. */
static bool copy(struct named_file *file, int fd)
{
    size_t have = 0;
    file->bytes = mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (file->bytes == MAP_FAILED)
        return false;
    while (have < file->size) {
        ssize_t got = pread(fd, file->bytes + have, file->size - have, (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break; /* it has become shorter: what is missing reads as zeros */
        have += (size_t)got;
    }
    return true;
}

bool named_file_load(struct named_file *file, const char *path)
{
    struct stat status;
    bool loaded = false;
    int fd = named_file_open(path, &status);
    *file = (struct named_file){.size = fd >= 0 ? (size_t)status.st_size : 0};
    size_t most = recordings.foreign ? FOREIGN_MOST - recordings.loaded : COPY_MOST;
    if (file->size > 0 && file->size <= most) {
        loaded = copy(file, fd);
    } else if (file->size > 0 && !recordings.foreign) {
        file->bytes = mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        loaded = file->bytes != MAP_FAILED;
    }
    if (fd >= 0)
        close(fd);
    if (!loaded)
        *file = (struct named_file){0};
    else if (recordings.foreign)
        recordings.loaded += file->size;
    return loaded;
}

void named_file_unload(struct named_file *file)
{
    if (file->bytes == NULL)
        return;
    munmap(file->bytes, file->size);
    recordings.loaded -= recordings.foreign && recordings.loaded >= file->size ? file->size : 0;
    *file = (struct named_file){0};
}
