/*
 * See census.h. A recording tells of its process by being mapped there. A process without one, fresh from a fork or
 * an exec, is known by its environment: FDTRACE_RUN names our folder (run/environment.h).
 */
#include "run/census.h"

#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct census {
    size_t recording;
    size_t starting;      /* or running untraced, which looks the same */
};

/* What is younger than this has most likely been forked for an exec that is yet to come. */
enum { FORK_SETTLES_MS = 20 };

static bool has_successor(int folder, int pid, unsigned image)
{
    char name[64];
    snprintf(name, sizeof(name), "%d.%u" FDT_SUFFIX, pid, image + 1);
    return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Not a zombie, which only waits for its parent to ask. */
static bool is_alive(int pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    /* The name in parentheses may hold anything; the kernel cuts it at 15 bytes, kernel threads' at 63. */
    char line[256] = "";
    const char *end = fgets(line, sizeof(line), file) != NULL ? strrchr(line, ')') : NULL;
    if (end == NULL || sscanf(end, ") %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state != 'Z' && state != 'X';
}

static bool is_fresh_fork(const struct fdt_header *header)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return header->how == FDT_HOW_FORK && now_ns - header->start_monotonic_ns < FORK_SETTLES_MS * UINT64_C(1000000);
}

static void count_recording(struct census *census, int folder, const char *name, int pid, unsigned image)
{
    struct stat status;
    struct segment segment = {.path = (char *)name};
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t length = pread(fd, &segment.header, sizeof(segment.header), 0);
    bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    close(fd);
    if (!regular || length < 0)
        return;
    segment.inode = status.st_ino;
    segment.device = status.st_dev;
    /* The library writes the magic last: a header without it is just being made. */
    bool filled = memcmp(segment.header.magic, FDT_MAGIC, sizeof(segment.header.magic)) == 0;
    bool replaced = filled && segment.header.state == FDT_STATE_EXECING && !has_successor(folder, pid, image);
    if (filled && segment.header.pid == pid && session_is_running(&segment))
        ++*(is_fresh_fork(&segment.header) ? &census->starting : &census->recording);
    else if ((!filled || replaced) && is_alive(pid))
        census->starting++;
}

/* Was the process started by this run? A dead one has no environment any more. */
static bool is_of_run(const char *pid, const struct run_folder *folder)
{
    static const char variable[] = "FDTRACE_RUN=";
    char path[300], *entry = NULL;
    size_t size = 0;
    bool found = false;
    snprintf(path, sizeof(path), "/proc/%s/environ", pid);
    FILE *environment = fopen(path, "re");
    while (environment != NULL && !found && getdelim(&entry, &size, '\0', environment) > 0)
        found = strncmp(entry, variable, sizeof(variable) - 1) == 0 &&
                strcmp(entry + sizeof(variable) - 1, folder->path) == 0;
    if (environment != NULL)
        fclose(environment);
    free(entry);
    return found;
}

static void count_unrecorded(struct census *census, const struct run_folder *folder)
{
    struct stat status;
    DIR *processes = opendir("/proc");
    for (const struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && atoi(entry->d_name) != getpid() &&
            fstatat(dirfd(processes), entry->d_name, &status, 0) == 0 && status.st_uid == geteuid() &&
            is_of_run(entry->d_name, folder) && !run_folder_recorded(folder, atoi(entry->d_name)))
            census->starting++;
    if (processes != NULL)
        closedir(processes);
}

static struct census take(const struct run_folder *folder)
{
    int pid;
    unsigned image;
    struct census census = {0};
    DIR *directory = run_folder_open(folder);
    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        if (run_folder_is_recording(entry->d_name, &pid, &image))
            count_recording(&census, dirfd(directory), entry->d_name, pid, image);
    if (directory != NULL)
        closedir(directory);
    count_unrecorded(&census, folder);
    return census;
}

size_t run_census(const struct run_folder *folder)
{
    struct census census = take(folder);
    return census.recording + census.starting;
}

/* A tenth of a second at most: a program that cannot be traced never begins. */
void run_census_settle(const struct run_folder *folder)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    for (int i = 0; i < 50 && take(folder).starting > 0; i++)
        nanosleep(&pause, NULL);
}
