/*
 * What the traced command finds in its environment:
 *
 *     LD_PRELOAD=/path/of/libfdtrace.so[:what stood there]
 *     FDTRACE_OPTIONS=[what the user wrote:][--option ...:]session=FOLDER:report=none
 *     FDTRACE_RUN=FOLDER       tells an fdtrace inside that session= and report= are ours, not its user's
 */
#ifndef FDTRACE_RUN_ENVIRONMENT_H
#define FDTRACE_RUN_ENVIRONMENT_H

#include "run/folder.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

/* Where the library is preloaded from. */
struct run_library {
    char path[PATH_MAX];           /* the library, or a link to it */
    struct run_folder link;        /* a folder for the link alone; path is "" when there is none */
};

/* Drops from our own FDTRACE_OPTIONS what a run around us put there. 0 or -ENOMEM. */
int run_environment_own(void);

/*
 * Finds libfdtrace.so: $FDTRACE_LIBRARY, beside the command, or where `make install` puts it. The dynamic linker splits
 * LD_PRELOAD at spaces and colons and expands $; a path that has one is given a link in the session folder, or in a
 * folder of its own. 0, or negative errno with one line in error.
 */
int run_library_find(struct run_library *library, const struct run_folder *folder, bool musl, char *error,
                     size_t error_size);
/* Is there one for programs of musl (make musl)? Then musl asks for that one. */
bool run_library_has_musl(void);
void run_library_release(const struct run_library *library);

/* Appends KEY=VALUE as FDTRACE_OPTIONS wants it, after a colon unless it is the first. -EINVAL: it cannot be quoted. */
int run_environment_put(FILE *options, const char *key, const char *value);

/* The whole environment, one block to free. NULL with one line in error. added: options of run itself, "" none. */
char **run_environment_make(const struct run_library *library, const struct run_folder *folder, const char *added,
                            char *error, size_t error_size);

#endif
