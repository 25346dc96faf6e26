/* Finding the holders. See why.h; what is said of them is in why_write.c. */
#include "why.h"

#include "array.h"
#include "path.h"
#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One session folder, loaded once however many holders it tells of. */
struct why_session {
    struct why_session *next;
    char *folder;
    bool loaded;
    struct model model;
};

/* --- what is the same object --- */

static bool is_pipe(enum fdt_kind kind)
{
    return kind == FDT_PIPE || kind == FDT_FIFO;
}

static bool is_socket(enum fdt_kind kind)
{
    return kind >= FDT_SOCKET_INET && kind <= FDT_SOCKET_OTHER;
}

/* All of them share one inode in the kernel: only kcmp tells two of them apart. */
static bool is_anonymous(const struct live_descriptor *descriptor)
{
    return strncmp(descriptor->name, "anon_inode:", 11) == 0 || descriptor->kind == FDT_EPOLL ||
           descriptor->kind == FDT_EVENTFD || descriptor->kind == FDT_SIGNALFD || descriptor->kind == FDT_TIMERFD;
}

/* 1 the same open file description, 0 another, -1 cannot be told (no permission, or a kernel without it). */
static int same_description(int pid, int fd, int other_pid, int other_fd)
{
    long answer = syscall(SYS_kcmp, pid, other_pid, KCMP_FILE, fd, other_fd);
    return answer < 0 ? -1 : answer == 0;
}

/* A pipe has two ends, and each may have been opened once or (a named one) several times: the access mode tells them apart. */
static bool compare(const struct why *why, struct why_holder *holder)
{
    const struct live_descriptor *asked = why->descriptor;
    if (is_pipe(asked->kind)) {
        bool same_end = (holder->flags & O_ACCMODE) == (asked->flags & O_ACCMODE);
        holder->same = same_end ? WHY_DESCRIPTION : WHY_OTHER_END;
        return true;
    }
    int same = is_socket(asked->kind) ? 1 : same_description(why->live.pid, asked->fd, holder->pid, holder->fd);
    holder->same = same == 1 ? WHY_DESCRIPTION : WHY_FILE;
    return same == 1 || !is_anonymous(asked);
}

/* --- one process --- */

static unsigned read_flags(int pid, int fd)
{
    char path[64], line[128];
    unsigned flags = 0;
    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "flags: %o", &flags) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return flags;
}

static char *read_exe(int pid)
{
    char path[64], exe[PATH_MAX];
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    ssize_t length = readlink(path, exe, sizeof(exe) - 1);
    exe[length > 0 ? length : 0] = '\0';
    return strdup(exe);
}

static int add_holder(struct why *why, int pid, int fd)
{
    struct why_holder holder = {.pid = pid, .fd = fd, .flags = read_flags(pid, fd)};
    if (!compare(why, &holder))
        return 0;
    if ((holder.exe = read_exe(pid)) == NULL || !array_grow(&why->holders, why->count, sizeof(*why->holders))) {
        free(holder.exe);
        return -ENOMEM;
    }
    why->holders[why->count++] = holder;
    return 0;
}

static int look_into(struct why *why, int pid)
{
    char path[64];
    int result = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        why->unseen += errno == EACCES || errno == EPERM;
        return 0;
    }
    struct stat status;
    for (const struct dirent *entry; result == 0 && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
            fstatat(dirfd(folder), entry->d_name, &status, 0) == 0 && status.st_ino == why->descriptor->inode &&
            status.st_dev == why->descriptor->device)
            result = add_holder(why, pid, atoi(entry->d_name));
    closedir(folder);
    return result;
}

static int look_into_all(struct why *why)
{
    int result = look_into(why, why->live.pid);
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return result;
    for (const struct dirent *entry; result == 0 && (entry = readdir(processes)) != NULL;) {
        int pid = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? atoi(entry->d_name) : 0;
        if (pid > 0 && pid != why->live.pid && pid != getpid())
            result = look_into(why, pid);
    }
    closedir(processes);
    return result;
}

/* --- the traces --- */

static struct why_session *open_session(struct why *why, const char *folder)
{
    for (struct why_session *session = why->sessions; session != NULL; session = session->next)
        if (strcmp(session->folder, folder) == 0)
            return session;
    struct why_session *session = calloc(1, sizeof(*session));
    char error[1024];
    if (session == NULL || (session->folder = strdup(folder)) == NULL) {
        free(session);
        return NULL;
    }
    session->loaded = model_load(&session->model, &folder, 1, NULL, 0, error, sizeof(error)) == 0;
    session->next = why->sessions;
    why->sessions = session;
    return session;
}

static const struct descriptor *find_open(const struct image *image, int fd)
{
    for (size_t i = 0; i < image->open_count; i++)
        if (image->open[i].fd == fd)
            return &image->open[i];
    return NULL;
}

/* The running image of that process in this session, and what it knows of its descriptor. */
static void tell_story(struct why_holder *holder, const struct why_session *session, int inner_pid)
{
    for (size_t i = 0; i < session->model.image_count; i++) {
        const struct image *image = &session->model.images[i];
        const struct descriptor *known =
            image->pid == inner_pid && image->end.how == END_RUNNING ? find_open(image, holder->fd) : NULL;
        if (known == NULL)
            continue;
        holder->traced = true;
        holder->trace = *known;
    }
}

static void find_story(struct why *why, struct why_holder *holder)
{
    struct live live;
    char error[256], folder[PATH_MAX];
    if (live_read(&live, holder->pid, error, sizeof(error)) < 0)
        return;
    for (size_t i = 0; i < live.candidate_count && !holder->traced; i++) {
        size_t length = (size_t)(path_last(live.candidates[i]) - live.candidates[i]);
        if (length < 2 || length >= sizeof(folder))
            continue;
        memcpy(folder, live.candidates[i], length - 1);
        folder[length - 1] = '\0';
        const struct why_session *session = open_session(why, folder);
        if (session != NULL && session->loaded)
            tell_story(holder, session, live.inner_pid);
    }
    live_free(&live);
}

/* --- all of it --- */

/* Readers are kept waiting by whoever can still write; writers are kept from EPIPE by whoever can still read. */
static void find_blockers(struct why *why)
{
    for (size_t i = 0; i < why->count; i++)
        why->holders[i].blocks = is_pipe(why->descriptor->kind) && why->holders[i].same == WHY_OTHER_END;
}

static int by_process(const void *left, const void *right)
{
    const struct why_holder *a = left, *b = right;
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    return a->fd < b->fd ? -1 : a->fd > b->fd;
}

static void put_asked_first(struct why *why)
{
    for (size_t i = 0; i < why->count; i++) {
        struct why_holder holder = why->holders[i];
        if (holder.pid != why->live.pid || holder.fd != why->descriptor->fd)
            continue;
        memmove(why->holders + 1, why->holders, i * sizeof(holder));
        why->holders[0] = holder;
        return;
    }
}

int why_read(struct why *why, int pid, int fd, char *error, size_t error_size)
{
    *why = (struct why){0};
    int result = live_read(&why->live, pid, error, error_size);
    if (result < 0)
        return result;
    why->descriptor = live_find(&why->live, fd);
    if (why->descriptor == NULL) {
        snprintf(error, error_size, "process %d has no descriptor %d; fdtrace ls %d lists what it has", pid, fd, pid);
        result = -EBADF;
    } else if ((result = look_into_all(why)) < 0) {
        snprintf(error, error_size, "out of memory");
    }
    if (result < 0) {
        why_free(why);
        return result;
    }
    for (size_t i = 0; i < why->count; i++)
        find_story(why, &why->holders[i]);
    find_blockers(why);
    if (why->count > 1)
        qsort(why->holders, why->count, sizeof(*why->holders), by_process);
    put_asked_first(why);
    return 0;
}

void why_free(struct why *why)
{
    for (size_t i = 0; i < why->count; i++)
        free(why->holders[i].exe);
    free(why->holders);
    for (struct why_session *session = why->sessions, *next; session != NULL; session = next) {
        next = session->next;
        if (session->loaded)
            model_free(&session->model);
        free(session->folder);
        free(session);
    }
    live_free(&why->live);
    *why = (struct why){0};
}
