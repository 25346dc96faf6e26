/*
 * The session folder of `fdtrace run`: made before the command starts, removed after the report unless it is to be kept.
 *
 *     FOLDER/PID.IMAGE.fdt     the recordings, written by the traced processes
 *     FOLDER/command           the command line (session.h)
 *     FOLDER/libfdtrace.so     a link to the library, where the library's own path cannot stand in LD_PRELOAD
 */
#ifndef FDTRACE_RUN_FOLDER_H
#define FDTRACE_RUN_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RUN_LIBRARY "libfdtrace.so"

struct run_folder {
    char path[PATH_MAX];      /* absolute */
    bool asked_for;           /* by --session: it stays */
};

/*
 * A private folder, or the one the user asked for (wanted may be NULL): made 0700 where it is missing, else it must be
 * the user's own, private, and without recordings of another run. 0, or negative errno with one line in error.
 */
int run_folder_make(struct run_folder *folder, const char *wanted, char *error, size_t error_size);
/* Writes FOLDER/command. 0 or negative errno. */
int run_folder_write_command(const struct run_folder *folder, char *const *words);

/* Has the process left a recording, whatever its state? */
bool run_folder_recorded(const struct run_folder *folder, pid_t pid);
/* Images that still run and record, or are being replaced by an exec right now. */
size_t run_folder_running(const struct run_folder *folder);

/* Removes the files listed above, then the folder. Anything else in it stays, and so does the folder then. */
void run_folder_remove(const struct run_folder *folder);

#endif
