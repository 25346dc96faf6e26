/* See session.h. */
#include "session.h"

#include "array.h"
#include "path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { COMMAND_SIZE_MOST = 4 * 1024 * 1024, CANDIDATES_MOST = 8 };

/* Where one-line errors go. */
struct complaint {
    char *text;
    size_t size;
};

/* PID.IMAGE.fdt, both positive. */
static bool parse_name(const char *name, int *pid, uint32_t *number)
{
    char suffix[8] = "", extra;
    unsigned image;
    if (name[0] < '0' || name[0] > '9' || sscanf(name, "%9d.%9u%5[.fdt]%c", pid, &image, suffix, &extra) != 3)
        return false;
    *number = image;
    return strcmp(suffix, FDT_SUFFIX) == 0 && *pid > 0 && image > 0;
}

static bool already_loaded(const struct session *session, const struct segment *segment)
{
    for (size_t i = 0; i < session->segment_count; i++)
        if (session->segments[i]->inode == segment->inode && session->segments[i]->device == segment->device)
            return true;
    return false;
}

static int add_segment(struct session *session, struct segment *segment, struct complaint complaint)
{
    if (!array_grow(&session->segments, session->segment_count, sizeof(*session->segments))) {
        segment_free(segment);
        snprintf(complaint.text, complaint.size, "out of memory");
        return -ENOMEM;
    }
    session->segments[session->segment_count++] = segment;
    return 0;
}

static int add_unread(struct session *session, const char *name, const char *reason, struct complaint complaint)
{
    struct unread_segment unread = {.reason = strdup(reason)};
    parse_name(name, &unread.pid, &unread.number);
    if (unread.reason == NULL || !array_grow(&session->unread, session->unread_count, sizeof(*session->unread))) {
        free(unread.reason);
        snprintf(complaint.text, complaint.size, "out of memory");
        return -ENOMEM;
    }
    session->unread[session->unread_count++] = unread;
    return 0;
}

static int load_file(struct session *session, const char *path, struct complaint complaint)
{
    struct segment *segment;
    int result = segment_open(path, &segment, complaint.text, complaint.size);
    if (result < 0)
        return result;
    if (already_loaded(session, segment)) {
        segment_free(segment);
        return 0;
    }
    return add_segment(session, segment, complaint);
}

/* A folder being loaded. */
struct folder {
    const char *path;
    int fd;
    uid_t owner;
    bool closed; /* ours, and nobody else can have put anything there */
};

/* What another than the folder's owner put there is none of the session: a link to somebody's file, or made up. */
static int check_owner(struct segment *segment, const struct folder *folder, char *reason, size_t size)
{
    if (segment->owner == folder->owner || folder->closed)
        return 0;
    snprintf(reason, size, "%s belongs to another user than its folder", segment->path);
    segment_free(segment);
    return -EPERM;
}

static int load_member(struct session *session, const struct folder *folder, const char *name,
                       struct complaint complaint)
{
    char path[PATH_MAX], reason[1024];
    struct segment *segment;
    if (snprintf(path, sizeof(path), "%s/%s", folder->path, name) >= (int)sizeof(path)) {
        snprintf(complaint.text, complaint.size, "the path of %s is too long", name);
        return -ENAMETOOLONG;
    }
    int result = segment_open_member(folder->fd, name, path, &segment, reason, sizeof(reason));
    if (result == 0)
        result = check_owner(segment, folder, reason, sizeof(reason));
    if (result == 0)
        return add_segment(session, segment, complaint); /* a folder lists each file once: no doubles */
    if (result == -ENOENT) /* its process has just ended cleanly and taken it away */
        return 0;
    if (result != -EPROTO && result != -ENOMEM)
        return add_unread(session, name, reason, complaint);
    snprintf(complaint.text, complaint.size, "%s", reason);
    return result;
}

/* The recorded command line, split at its NULs. What cannot be read is as if it were not there. */
static void load_command(struct session *session, int folder)
{
    struct stat status;
    int fd = openat(folder, "command", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0)
        return;
    if (session->command == NULL && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
        status.st_size <= COMMAND_SIZE_MOST) {
        char *text = malloc((size_t)status.st_size + 1);
        ssize_t length = text != NULL ? read(fd, text, (size_t)status.st_size) : -1;
        size_t words = 0;
        if (length > 0) {
            text[length] = '\0';
            for (ssize_t i = 0; i < length; i++)
                words += text[i] == '\0' || i + 1 == length;
            session->command = calloc(words + 2, sizeof(char *));
        }
        if (session->command == NULL) {
            free(text);
        } else {
            for (char *word = text; word < text + length; word += strlen(word) + 1)
                session->command[session->command_argc++] = word;
        }
    }
    close(fd);
}

static int load_folder(struct session *session, const char *path, struct complaint complaint)
{
    int result = 0, pid;
    uint32_t number;
    bool found = false;
    struct stat status;
    DIR *directory = opendir(path);
    if (directory == NULL || fstat(dirfd(directory), &status) < 0) {
        result = -errno;
        if (directory != NULL)
            closedir(directory);
        snprintf(complaint.text, complaint.size, "cannot open %s: %s", path, strerror(-result));
        return result;
    }
    const struct folder folder = {.path = path, .fd = dirfd(directory), .owner = status.st_uid,
                                  .closed = status.st_uid == geteuid() && (status.st_mode & 022) == 0};
    for (const struct dirent *entry; result == 0 && (entry = readdir(directory)) != NULL;) {
        if (!parse_name(entry->d_name, &pid, &number))
            continue;
        found = true;
        result = load_member(session, &folder, entry->d_name, complaint);
    }
    if (result == 0)
        load_command(session, folder.fd);
    closedir(directory);
    if (result == 0 && !found) {
        snprintf(complaint.text, complaint.size,
                 "%s holds no recordings (files named PID.IMAGE" FDT_SUFFIX "); is it the folder of a session?", path);
        return -ENODATA;
    }
    return result;
}

int session_load(struct session *session, const char *const *paths, size_t count, char *error, size_t error_size)
{
    struct complaint complaint = {error, error_size};
    *session = (struct session){.whole = true};
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct stat status;
        if (stat(paths[i], &status) < 0) {
            result = -errno;
            snprintf(error, error_size, "cannot open %s: %s", paths[i], strerror(errno));
        } else if (S_ISDIR(status.st_mode)) {
            result = load_folder(session, paths[i], complaint);
        } else {
            session->whole = false;
            result = load_file(session, paths[i], complaint);
        }
    }
    if (result == 0 && session->segment_count == 0) {
        result = -EBADMSG;
        if (session->unread_count > 0)
            snprintf(error, error_size, "%s", session->unread[0].reason);
        else
            snprintf(error, error_size, "the session has ended and taken its recordings away (--session keeps them)");
    }
    if (result < 0)
        session_free(session);
    return result;
}

void session_free(struct session *session)
{
    for (size_t i = 0; i < session->segment_count; i++)
        segment_free(session->segments[i]);
    for (size_t i = 0; i < session->unread_count; i++)
        free(session->unread[i].reason);
    if (session->command != NULL)
        free(session->command[0]); /* the words share one block */
    free(session->command);
    free(session->segments);
    free(session->unread);
    *session = (struct session){0};
}

/*
 * Inode numbers repeat across file systems, and device numbers differ between stat and maps on some (btrfs), so the
 * file's own name must stand on the line, too.
 */
bool session_is_running(const struct segment *segment)
{
    char path[64], line[PATH_MAX + 256];
    const char *name = path_last(segment->path);
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)segment->header.pid);
    FILE *maps = segment->header.pid > 0 ? fopen(path, "re") : NULL;
    if (maps == NULL)
        return errno == EACCES && segment->header.pid > 0; /* somebody else's process; it may well be this one */
    bool found = false;
    while (!found && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long inode;
        if (sscanf(line, "%*s %*s %*s %*s %lu", &inode) == 1 && inode == segment->inode)
            found = strstr(line, name) != NULL;
    }
    fclose(maps);
    return found;
}

char *session_candidates(void)
{
    char *list = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&list, &size);
    if (out == NULL)
        return NULL;
    char pattern[64];
    snprintf(pattern, sizeof(pattern), "/dev/shm/fdtrace-%u-*", (unsigned)geteuid());
    glob_t found;
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && i < CANDIDATES_MOST; i++)
            fprintf(out, "%s%s", i > 0 ? " " : "", found.gl_pathv[i]);
        if (found.gl_pathc > CANDIDATES_MOST)
            fprintf(out, " and %zu more", found.gl_pathc - CANDIDATES_MOST);
    }
    globfree(&found);
    fclose(out);
    return list;
}
