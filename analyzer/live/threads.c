/* Threads of a running process. See threads.h. */
#include "live/threads.h"

#include "array.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than enough to get from a system call to the record of it, a page fault and an unwinding included. */
enum { ENOUGH_NS = 1000000 };

/* The beginning of a small file of /proc, as text. */
static bool read_text(int directory, const char *path, char *text, size_t size)
{
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* "TID (NAME) STATE ...", where NAME may hold anything; "RAN_NS WAITED_NS SLICES" in schedstat. */
static bool read_thread(int tasks, const char *tid, struct live_thread *thread)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "%.20s/stat", tid);
    const char *name_end = read_text(tasks, path, text, sizeof(text)) ? strrchr(text, ')') : NULL;
    if (name_end == NULL || name_end[1] != ' ')
        return false;
    *thread = (struct live_thread){.tid = atoi(tid), .state = name_end[2]};
    snprintf(path, sizeof(path), "%.20s/schedstat", tid);
    if (read_text(tasks, path, text, sizeof(text)))
        thread->ran_ns = strtoull(text, NULL, 10);
    return true;
}

static int by_tid(const void *left, const void *right)
{
    const struct live_thread *a = left, *b = right;
    return a->tid < b->tid ? -1 : a->tid > b->tid;
}

int live_threads_read(struct live_threads *threads, int pid)
{
    char path[32];
    int result = 0;
    *threads = (struct live_threads){0};
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return 0;
    for (const struct dirent *entry; result == 0 && (entry = readdir(tasks)) != NULL;) {
        struct live_thread thread;
        if (!isdigit((unsigned char)entry->d_name[0]) || !read_thread(dirfd(tasks), entry->d_name, &thread))
            continue;
        if (array_grow(&threads->list, threads->count, sizeof(*threads->list)))
            threads->list[threads->count++] = thread;
        else
            result = -ENOMEM;
    }
    closedir(tasks);
    if (threads->count > 1)
        qsort(threads->list, threads->count, sizeof(*threads->list), by_tid);
    return result;
}

void live_threads_free(struct live_threads *threads)
{
    free(threads->list);
    *threads = (struct live_threads){0};
}

static const struct live_thread *find(const struct live_threads *threads, int tid)
{
    const struct live_thread key = {.tid = tid};
    return threads->count > 0 ? bsearch(&key, threads->list, threads->count, sizeof(key), by_tid) : NULL;
}

/* A thread that was not there at the first look was not held up then. */
static bool has_moved(const struct live_threads *looks, size_t first, size_t last, const struct live_thread *thread)
{
    const struct live_thread *before = find(&looks[first], thread->tid);
    if (before == NULL || thread->ran_ns > before->ran_ns + ENOUGH_NS)
        return true;
    for (size_t i = first; i <= last; i++) {
        const struct live_thread *then = find(&looks[i], thread->tid);
        if (then != NULL && strchr("SIZX", then->state) != NULL)
            return true;
    }
    return false;
}

bool live_threads_moved(const struct live_threads *looks, size_t first, size_t last)
{
    for (size_t i = 0; i < looks[last].count; i++)
        if (!has_moved(looks, first, last, &looks[last].list[i]))
            return false;
    return true;
}
