/*
 * Rows: what the programs in this folder are made of. Each has one row for each function its namesake in preload/
 * (wrap_NAME.c) wraps, and `NAME ROW` runs one row, usually under the preload. `NAME --list` lists them.
 *
 * A row calls the function the way programs do, with and without its request for close-on-exec, and leaves open what
 * it made, so that the table can be compared with the kernel's at the end (verify=1). On standard output it prints what
 * the report must say, one text a line; a '!' before a text means that the report must not say it.
 *
 *     ROW(name)             a function body: the row of the wrapper `name`
 *     CASE(name)            another story about a wrapper that has its row already
 *     USED(name, public, e) the row of a wrapper that only uses a descriptor: the call e on stale() must answer EBADF
 *
 * What this machine does not offer (a capability, a file system, a newer kernel) is passed over; any other failure ends
 * the program with status 1 and a word about it.
 */
#ifndef FDTRACE_HOOKS_ROW_H
#define FDTRACE_HOOKS_ROW_H

#include "compat.h"
#include "fdtrace/fdtrace.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct row {
    const char *name;
    void (*run)(void);
};

#define CASE(name)                                                                                     \
    static void row_##name(void);                                                                      \
    static const struct row entry_##name __attribute__((section("rows"), used)) = {#name, row_##name}; \
    static void row_##name(void)
#define ROW(name) CASE(name)
#define USED(name, public, expression)                                                                 \
    CASE(name)                                                                                         \
    {                                                                                                  \
        misused(public, (long)(expression));                                                           \
    }

extern const struct row __start_rows[], __stop_rows[];

/* Room for whatever a call wants to read or write. */
__attribute__((unused)) static _Alignas(16) char bytes[4096];

/* A file of the row's own; removed by whoever needs the name free again. */
__attribute__((unused)) static const char *scratch_path(const char *name)
{
    static char path[4096];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/fdtrace-row-%d-%s", folder != NULL ? folder : "/tmp", (int)getpid(), name);
    return path;
}

static bool unavailable(int error)
{
    return error == EPERM || error == EACCES || error == ENOSYS || error == EOPNOTSUPP || error == ENODEV ||
           error == EAFNOSUPPORT || error == EPROTONOSUPPORT;
}

/* fd is what public just returned, and stays open. Returns it, -1 when the call is not to be had here. */
__attribute__((unused)) static int kept(const char *public, int fd)
{
    if (fd >= 0)
        printf("opened by %s and still open\n", public);
    else if (!unavailable(errno))
        err(1, "%s", public);
    return fd;
}

/* A number that was open and is not any more. */
__attribute__((unused)) static int stale(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    close(fd);
    return fd;
}

/* answer is what a call on a stale number answered: -1 with EBADF, or EBADF itself. */
__attribute__((unused)) static void misused(const char *public, long answer)
{
    if (answer != EBADF && !(answer == -1 && errno == EBADF) && !unavailable(answer == -1 ? errno : (int)answer))
        errx(1, "%s answered %ld (%s) on a closed descriptor", public, answer, strerror(errno));
    if (answer == EBADF || errno == EBADF)
        printf("use-after-close: %s of descriptor\n", public);
}

/* The table equals the kernel's, now; or nobody is tracing. */
__attribute__((unused)) static bool all_true(void)
{
    return fdtrace_verify == NULL || fdtrace_verify() == 0;
}

/* Things that must be true. */
#define MUST(condition)                                                                                \
    do                                                                                                 \
        if (!(condition))                                                                              \
            err(1, "line %d: %s", __LINE__, #condition);                                               \
    while (0)

int main(int argc, char **argv)
{
    for (const struct row *row = __start_rows; argc == 2 && row < __stop_rows; row++) {
        if (strcmp(argv[1], "--list") == 0) {
            puts(row->name);
        } else if (strcmp(argv[1], row->name) == 0) {
            row->run();
            /* Here as well, because the end of an image puts right what it finds wrong. */
            return fflush(stdout) == 0 && all_true() ? 0 : 1;
        }
    }
    return argc == 2 && strcmp(argv[1], "--list") == 0 ? 0 : 2;
}

#endif
