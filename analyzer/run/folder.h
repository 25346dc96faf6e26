/*
 * The session folder of `fdtrace run`: made before the command starts, removed after the report unless it is wanted.
 *
 *     FOLDER/PID.IMAGE.fdt     the recordings, written by the traced processes
 *     FOLDER/command           the command line (session.h)
 *     FOLDER/libfdtrace.so     a link to the library, where the library's own path cannot stand in LD_PRELOAD
 */
#ifndef FDTRACE_RUN_FOLDER_H
#define FDTRACE_RUN_FOLDER_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RUN_LIBRARY "libfdtrace.so"
#define RUN_LIBRARY_MUSL "musl/libfdtrace.so"

struct run_folder {
    char path[PATH_MAX];      /* absolute */
    bool asked_for;           /* by --session: it stays */
    bool made;                /* by us; one that was there before is not ours to remove */
};

/*
 * A private folder, or the one the user asked for (wanted may be NULL): made 0700 where it is missing, else it must be
 * the user's own, private, and without recordings of another run. 0, or negative errno with one line in error.
 */
int run_folder_make(struct run_folder *folder, const char *wanted, char *error, size_t error_size);
/* Writes FOLDER/command, if it can: what the library makes of a full or limited file system is another matter. */
void run_folder_write_command(const struct run_folder *folder, char *const *words);

/* The folder itself, not what a link in its place leads to; NULL: it is gone. */
DIR *run_folder_open(const struct run_folder *folder);
/* Is this the name of a recording, PID.IMAGE.fdt? */
bool run_folder_is_recording(const char *name, int *pid, unsigned *image);
/* Has the process left a recording, whatever its state? */
bool run_folder_recorded(const struct run_folder *folder, pid_t pid);
/* Removes the files listed above, then the folder if we made it and nothing else is in it. */
void run_folder_remove(const struct run_folder *folder);

#endif
