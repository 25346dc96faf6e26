/* See self_test.h. */
#include "run/self_test.h"

#include "segment_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int run_self_test_subject(void)
{
    int fd = open(_PATH_DEVNULL, O_RDONLY | O_CLOEXEC);
    return fd < 0 || close(fd) < 0;
}

/* Its standard streams lead nowhere: what fails is told by what it leaves, in our words. */
static int start(char *const *environment, pid_t *pid)
{
    char *const words[] = {"fdtrace", "--self-test", NULL};
    posix_spawn_file_actions_t actions;
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0)
        return -result;
    for (int fd = 0; fd <= 2 && result == 0; fd++)
        result = posix_spawn_file_actions_addopen(&actions, fd, _PATH_DEVNULL, O_RDWR, 0);
    if (result == 0)
        result = posix_spawn(pid, "/proc/self/exe", &actions, NULL, words, environment);
    posix_spawn_file_actions_destroy(&actions);
    return -result;
}

/* Events in the recording PATH; negative errno, and why, when it is none. */
static long count_events(const char *path, char *why, size_t why_size)
{
    struct segment *segment;
    int result = segment_open(path, &segment, why, why_size);
    if (result < 0)
        return result;
    long events = segment->events > 1 ? 2 : (long)segment->events;
    segment_free(segment);
    return events;
}

static int judge(const struct run_folder *folder, pid_t pid, int status, char *error, size_t error_size)
{
    char path[PATH_MAX + 64], why[512];
    snprintf(path, sizeof(path), "%s/%d.1.fdt", folder->path, (int)pid);
    bool left = access(path, F_OK) == 0;
    long events = left ? count_events(path, why, sizeof(why)) : -ENOENT;
    unlink(path);
    if (events >= 2)
        return 0;
    if (!left && WIFEXITED(status) && WEXITSTATUS(status) == 127)
        snprintf(error, error_size, "self-test: no program can be started here");
    else if (!left)
        snprintf(error, error_size,
                 "self-test: a traced program left no recording in %s: " RUN_LIBRARY " did not load, or "
                 "cannot write there",
                 folder->path);
    else if (events < 0)
        snprintf(error, error_size, "self-test: %s", why);
    else
        snprintf(error, error_size, "self-test: " RUN_LIBRARY " loads, but does not record what is opened and closed");
    return -EIO;
}

int run_self_test(const struct run_folder *folder, char *const *environment, char *error, size_t error_size)
{
    pid_t pid = 0;
    int status = 0, result = start(environment, &pid);
    if (result < 0) {
        snprintf(error, error_size, "self-test: no program can be started here: %s", strerror(-result));
        return -EIO;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return judge(folder, pid, status, error, error_size);
}
