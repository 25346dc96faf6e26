/*
 * What /proc says about a process. See live.h.
 *
 * Everything is read below one open directory /proc/PID: once the process is gone, its files answer ESRCH, even when
 * the number has been given to another process meanwhile.
 */
#include "live/live.h"

#include "array.h"
#include "kind.h"
#include "live/sockets.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

static const char deleted_suffix[] = " (deleted)";

/* One look being taken. */
struct reader {
    struct live *live;
    int directory;     /* /proc/PID, or of a thread when only threads are left */
    struct live_sockets sockets;
    bool sockets_known;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 3, 4)))
static int fail(const struct reader *reader, int result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->error, reader->error_size, format, arguments);
    va_end(arguments);
    return result;
}

static int no_process(const struct reader *reader)
{
    return fail(reader, -ESRCH, "there is no process %d", reader->live->pid);
}

static int out_of_memory(const struct reader *reader)
{
    return fail(reader, -ENOMEM, "out of memory while reading /proc/%d", reader->live->pid);
}

/* The whole of a small file of /proc. Its bytes may hold NULs; one more ends them. NULL: errno says why. */
static char *read_whole(int directory, const char *path, size_t *length)
{
    char *text = NULL;
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    ssize_t got = 0;
    for (size_t size = 4096, *end = length; *end = 0, size <= (1u << 26); size *= 2) {
        char *bigger = realloc(text, size);
        if (bigger == NULL)
            break;
        text = bigger;
        lseek(fd, 0, SEEK_SET);
        while (*end < size - 1 && (got = read(fd, text + *end, size - 1 - *end)) > 0)
            *end += (size_t)got;
        if (got <= 0)
            break;
    }
    int error = errno;
    close(fd);
    errno = error;
    if (text == NULL || got < 0) {
        free(text);
        return NULL;
    }
    text[*length] = '\0';
    return text;
}

/* A symbolic link's text, whole; "" when it cannot be read, NULL when memory is short. */
static char *read_link(int directory, const char *path)
{
    char text[PATH_MAX + sizeof(deleted_suffix)];
    ssize_t length = readlinkat(directory, path, text, sizeof(text) - 1);
    return strndup(text, length > 0 ? (size_t)length : 0);
}

/* What follows "Name:" at the beginning of a line of status. NULL: there is no such line. */
static const char *status_field(const char *status, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = status; line != NULL; line = (line = strchr(line, '\n')) != NULL ? line + 1 : NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1 + strspn(line + length + 1, " \t");
    return NULL;
}

static long status_number(const char *status, const char *name, long otherwise)
{
    const char *field = status_field(status, name);
    return field != NULL ? strtol(field, NULL, 10) : otherwise;
}

static bool is_zombie(const char *status)
{
    const char *state = status_field(status, "State");
    return state != NULL && (*state == 'Z' || *state == 'X');
}

/* The last number of NSpid, in the innermost namespace. */
static int inner_pid(const char *status, int pid)
{
    const char *field = status_field(status, "NSpid");
    for (char *end; field != NULL; field = end) {
        long number = strtol(field, &end, 10);
        if (end == field || number <= 0 || number > INT_MAX)
            break;
        pid = (int)number;
        if (*end == '\n')
            break;
    }
    return pid;
}

/* The first thread begun that is no zombie; a main thread may end before the others do. -1: all are. */
static int open_living_thread(int process)
{
    int tasks = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = -1;
    DIR *directory = tasks >= 0 ? fdopendir(tasks) : NULL;
    if (directory == NULL)
        return -1;
    for (const struct dirent *entry; found < 0 && (entry = readdir(directory)) != NULL;) {
        size_t length;
        int task = isdigit((unsigned char)entry->d_name[0])
                       ? openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        char *status = task >= 0 ? read_whole(task, "status", &length) : NULL;
        if (status != NULL && !is_zombie(status))
            found = task;
        else if (task >= 0)
            close(task);
        free(status);
    }
    closedir(directory);
    return found;
}

static int open_process(struct reader *reader, int pid)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/%d", pid);
    reader->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return reader->directory >= 0 ? 0 : no_process(reader);
}

/* Opens /proc/PID, and finds out who that is. */
static int begin(struct reader *reader)
{
    struct live *live = reader->live;
    size_t length;
    int result = open_process(reader, live->pid);
    char *status = result == 0 ? read_whole(reader->directory, "status", &length) : NULL;
    if (result == 0 && status == NULL)
        result = no_process(reader);
    long leader = status != NULL ? status_number(status, "Tgid", live->pid) : live->pid;
    if (result == 0 && leader != live->pid) {
        free(status);
        close(reader->directory);
        live->pid = (int)leader;
        if ((result = open_process(reader, live->pid)) < 0)
            return result;
        status = read_whole(reader->directory, "status", &length);
        if (status == NULL)
            result = no_process(reader);
    }
    if (result == 0 && is_zombie(status)) {
        int thread = open_living_thread(reader->directory);
        close(reader->directory);
        reader->directory = thread;
        if (thread < 0)
            result = fail(reader, -ESRCH, "process %d has ended: it is a zombie and holds no descriptors", live->pid);
    }
    if (result == 0) {
        const char *ids = status_field(status, "Uid");
        unsigned effective = 0;
        live->uid = ids != NULL && sscanf(ids, "%*u %u", &effective) == 1 ? effective : 0;
        live->inner_pid = inner_pid(status, live->pid);
    }
    free(status);
    return result;
}

static int read_arguments(struct reader *reader)
{
    struct live *live = reader->live;
    size_t length = 0, count = 0;
    char *text = read_whole(reader->directory, "cmdline", &length);
    for (size_t i = 0; i < length; i++)
        count += text[i] == '\0';
    count += length > 0 && text[length - 1] != '\0'; /* a program that wrote over its arguments */
    live->argv = calloc(count + 1, sizeof(*live->argv));
    if (live->argv == NULL) {
        free(text);
        return out_of_memory(reader);
    }
    for (size_t at = 0; live->argc < count; at += strlen(text + at) + 1)
        if ((live->argv[live->argc++] = strdup(text + at)) == NULL) {
            free(text);
            return out_of_memory(reader);
        }
    free(text);
    return 0;
}

/* "Max open files            1024                 524288               files" */
static void read_limits(struct reader *reader)
{
    static const char heading[] = "Max open files";
    size_t length;
    char *text = read_whole(reader->directory, "limits", &length);
    const char *line = text != NULL ? strstr(text, heading) : NULL;
    char soft[24] = "", hard[24] = "";
    if (line != NULL && sscanf(line + strlen(heading), "%23s %23s", soft, hard) == 2) {
        reader->live->soft = isdigit((unsigned char)soft[0]) ? strtoull(soft, NULL, 10) : UINT64_MAX;
        reader->live->hard = isdigit((unsigned char)hard[0]) ? strtoull(hard, NULL, 10) : UINT64_MAX;
    }
    free(text);
}

/* "flags:\t0100002\n", octal. False: the descriptor is gone. */
static bool read_flags(int directory, int fd, unsigned *flags)
{
    char path[32], text[512];
    snprintf(path, sizeof(path), "fdinfo/%d", fd);
    int file = openat(directory, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof(text) - 1) : -1;
    if (file >= 0)
        close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *line = strstr(text, "flags:");
    if (line == NULL)
        return false;
    *flags = (unsigned)strtoul(line + strlen("flags:"), NULL, 8);
    return true;
}

/* Cuts the kernel's " (deleted)" off, unless it is part of the file's own name. */
static bool cut_deleted(char *name, const struct stat *status)
{
    size_t length = strlen(name), suffix = strlen(deleted_suffix);
    if (name[0] != '/' || length <= suffix || strcmp(name + length - suffix, deleted_suffix) != 0)
        return false;
    struct stat named;
    if (status->st_nlink > 0 && lstat(name, &named) == 0 && named.st_ino == status->st_ino &&
        named.st_dev == status->st_dev)
        return false;
    name[length - suffix] = '\0';
    return true;
}

static int name_socket(struct reader *reader, struct live_descriptor *descriptor)
{
    char path[64];
    const char *name;
    if (!reader->sockets_known)
        live_sockets_read(&reader->sockets, reader->directory);
    reader->sockets_known = true;
    enum fdt_kind kind = live_sockets_find(&reader->sockets, descriptor->inode, &name);
    if (kind == FDT_KIND_COUNT) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d/fd/%d", reader->directory, descriptor->fd);
        kind = live_sockets_family(path);
    }
    descriptor->kind = kind;
    char *copy = name != NULL ? strdup(name) : NULL;
    if (name != NULL && copy == NULL)
        return -ENOMEM;
    if (copy != NULL) {
        free(descriptor->name);
        descriptor->name = copy;
    }
    return 0;
}

/* The kind of what lies behind fd/N. Only plain files are asked about their file system: it tells message queues. */
static enum fdt_kind kind_of_entry(const struct reader *reader, const struct live_descriptor *descriptor,
                                   const struct stat *status)
{
    char path[64];
    struct statfs system = {0};
    snprintf(path, sizeof(path), "/proc/self/fd/%d/fd/%d", reader->directory, descriptor->fd);
    if (S_ISREG(status->st_mode) && statfs(path, &system) < 0)
        system.f_type = 0;
    enum fdt_kind kind = kind_of_link(descriptor->name, status, (long)system.f_type);
    /* A socket's path, opened with O_PATH, is no socket. */
    return kind == FDT_SOCKET_OTHER && descriptor->name[0] == '/' ? FDT_OTHER : kind;
}

/*
 * What the link and the object behind it tell. 0, -ENOENT when it is gone, -EACCES, -ENOMEM. A file system may refuse
 * to answer for its file (FUSE, a lost NFS server); the descriptor is open all the same, and only its kind stays
 * unknown.
 */
static int describe(struct reader *reader, struct live_descriptor *descriptor)
{
    char path[32];
    struct stat status = {0};
    snprintf(path, sizeof(path), "fd/%d", descriptor->fd);
    errno = 0;
    descriptor->name = read_link(reader->directory, path);
    if (descriptor->name == NULL)
        return -ENOMEM;
    if (descriptor->name[0] == '\0')
        return errno == EACCES || errno == EPERM ? -EACCES : -ENOENT;
    if (fstatat(reader->directory, path, &status, 0) < 0 && (errno == ENOENT || errno == ESRCH))
        return -ENOENT;
    descriptor->device = status.st_dev;
    descriptor->inode = status.st_ino;
    descriptor->kind = kind_of_entry(reader, descriptor, &status);
    if (descriptor->kind == FDT_SOCKET_OTHER)
        return name_socket(reader, descriptor);
    descriptor->deleted = cut_deleted(descriptor->name, &status);
    if (descriptor->kind == FDT_MEMFD) { /* it never had a path to lose */
        descriptor->deleted = false;
        memmove(descriptor->name, descriptor->name + 1, strlen(descriptor->name));
    }
    return 0;
}

static int by_number(const void *left, const void *right)
{
    const struct live_descriptor *a = left, *b = right;
    return a->fd < b->fd ? -1 : a->fd > b->fd;
}

static int not_permitted(const struct reader *reader)
{
    const struct passwd *owner = getpwuid(reader->live->uid);
    if (geteuid() == 0)
        return fail(reader, -EACCES, "not even root may look at process %d from here: run fdtrace where it was started",
                    reader->live->pid);
    return fail(reader, -EACCES, "not permitted to look at process %d of user %s: run fdtrace as that user or as root",
                reader->live->pid, owner != NULL ? owner->pw_name : "unknown");
}

static int add_descriptor(struct reader *reader, int fd)
{
    struct live *live = reader->live;
    struct live_descriptor descriptor = {.fd = fd};
    int result = describe(reader, &descriptor);
    if (result == 0 && !read_flags(reader->directory, fd, &descriptor.flags))
        result = -ENOENT;
    if (result == 0 && !array_grow(&live->descriptors, live->count, sizeof(*live->descriptors)))
        result = -ENOMEM;
    if (result == 0) {
        live->descriptors[live->count++] = descriptor;
        return 0;
    }
    free(descriptor.name);
    return result == -ENOMEM   ? out_of_memory(reader)
           : result == -EACCES ? not_permitted(reader)
                               : 0; /* closed while we read it */
}

static int read_descriptors(struct reader *reader)
{
    struct live *live = reader->live;
    int fd = openat(reader->directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        if (fd >= 0)
            close(fd);
        return errno == EACCES || errno == EPERM ? not_permitted(reader)
               : errno == ENOENT || errno == ESRCH ? no_process(reader)
               : fail(reader, -errno, "cannot read /proc/%d/fd: %s", live->pid, strerror(errno));
    }
    int result = 0;
    errno = 0;
    for (const struct dirent *entry; result == 0 && (entry = readdir(directory)) != NULL; errno = 0)
        if (isdigit((unsigned char)entry->d_name[0]))
            result = add_descriptor(reader, atoi(entry->d_name));
    if (result == 0 && errno != 0)
        result = errno == EACCES || errno == EPERM ? not_permitted(reader) : no_process(reader);
    closedir(directory);
    if (live->count > 1)
        qsort(live->descriptors, live->count, sizeof(*live->descriptors), by_number);
    return result;
}

/*
 * One line of maps: "start-end perms offset dev inode   path", newlines in the path as \012. The path is the mapped
 * file's in the namespace of its process; where it does not lead to the same file here, map_files does, if we may.
 */
static int read_mapping(struct reader *reader, char *line)
{
    struct live *live = reader->live;
    unsigned long start, end, inode;
    int at = 0;
    struct stat status;
    if (sscanf(line, "%lx-%lx %*s %*s %*s %lu %n", &start, &end, &inode, &at) != 3 || at == 0 || inode == 0)
        return 0;
    char *path = line + at, *suffix = strstr(path, deleted_suffix);
    if (suffix != NULL && suffix[strlen(deleted_suffix)] == '\0')
        *suffix = '\0';
    const char *name = strrchr(path, '/');
    if (name == NULL)
        return 0;
    live->library = live->library || strncmp(name + 1, "libfdtrace.so", strlen("libfdtrace.so")) == 0;
    size_t length = strlen(name), fdt = strlen(FDT_SUFFIX);
    if (length <= fdt || strcmp(name + length - fdt, FDT_SUFFIX) != 0)
        return 0;
    char *candidate = NULL;
    bool here = stat(path, &status) == 0 && status.st_ino == inode;
    if (here ? (candidate = strdup(path)) == NULL
             : asprintf(&candidate, "/proc/%d/map_files/%lx-%lx", live->pid, start, end) < 0)
        return out_of_memory(reader);
    bool known = false; /* one file may lie in several pieces */
    for (size_t i = 0; i < live->candidate_count && !known; i++) {
        struct stat other;
        known = strcmp(live->candidates[i], candidate) == 0 ||
                (!here && stat(live->candidates[i], &other) == 0 && other.st_ino == inode);
    }
    if (known || !array_grow(&live->candidates, live->candidate_count, sizeof(*live->candidates))) {
        free(candidate);
        return known ? 0 : out_of_memory(reader);
    }
    live->candidates[live->candidate_count++] = candidate;
    return 0;
}

static int read_maps(struct reader *reader)
{
    size_t length;
    char *text = read_whole(reader->directory, "maps", &length), *state, *line;
    int result = 0;
    if (text == NULL)
        return 0;
    for (line = strtok_r(text, "\n", &state); line != NULL && result == 0; line = strtok_r(NULL, "\n", &state))
        result = read_mapping(reader, line);
    free(text);
    return result;
}

int live_read(struct live *live, int pid, char *error, size_t error_size)
{
    *live = (struct live){.pid = pid, .inner_pid = pid};
    struct reader reader = {.live = live, .directory = -1, .error = error, .error_size = error_size};
    int result = begin(&reader);
    if (result == 0)
        result = read_descriptors(&reader); /* first: the trace is read after this, and judged by it */
    if (result == 0)
        result = read_maps(&reader);
    if (result == 0)
        result = read_arguments(&reader);
    if (result == 0) {
        read_limits(&reader);
        live->exe = read_link(reader.directory, "exe");
        live->cwd = read_link(reader.directory, "cwd");
        if (live->exe == NULL || live->cwd == NULL)
            result = out_of_memory(&reader);
    }
    live_sockets_free(&reader.sockets);
    if (reader.directory >= 0)
        close(reader.directory);
    if (result < 0)
        live_free(live);
    return result;
}

void live_free(struct live *live)
{
    for (size_t i = 0; i < live->count; i++)
        free(live->descriptors[i].name);
    for (size_t i = 0; i < live->candidate_count; i++)
        free(live->candidates[i]);
    for (size_t i = 0; i < live->argc; i++)
        free(live->argv[i]);
    free(live->descriptors);
    free(live->candidates);
    free(live->argv);
    free(live->exe);
    free(live->cwd);
    *live = (struct live){0};
}

const struct live_descriptor *live_find(const struct live *live, int fd)
{
    const struct live_descriptor key = {.fd = fd};
    return live->count > 0 ? bsearch(&key, live->descriptors, live->count, sizeof(key), by_number) : NULL;
}
