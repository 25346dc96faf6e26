/*
 * A session: the segments of one run, as they lie in its folder.
 *
 *     FOLDER/PID.IMAGE.fdt   one segment per image
 *     FOLDER/command         what `fdtrace run` was given: its arguments, each ended by NUL (absent otherwise)
 */
#ifndef FDTRACE_SESSION_H
#define FDTRACE_SESSION_H

#include "segment_reader.h"

#include <stdbool.h>

/* A recording that is there but tells nothing: damaged, not permitted, or never begun. */
struct unread_segment {
    int pid;
    uint32_t number;
    char *reason;
};

struct session {
    struct segment **segments;
    size_t segment_count;
    struct unread_segment *unread;
    size_t unread_count;
    char **command;           /* NULL-terminated; NULL: not recorded */
    size_t command_argc;
    bool whole;               /* folders only: an image that is not here was not recorded */
};

/*
 * Loads folders and single segment files. 0, or negative errno with one line in error. One segment that cannot be read
 * among others that can goes to `unread`, unless a newer fdtrace made it.
 */
int session_load(struct session *session, const char *const *paths, size_t count, char *error, size_t error_size);
void session_free(struct session *session);

/* Is the process that writes this segment still there? It is when a process of that number maps this very file. */
bool session_is_running(const struct segment *segment);

/* The folders that look like sessions of this user, in one string, "" for none. The caller frees it. */
char *session_candidates(void);

#endif
