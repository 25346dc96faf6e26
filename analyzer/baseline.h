/*
 * The baseline: what a project has decided to live with for now. A text file, one line a fingerprint, sorted, so that
 * it can be kept beside the sources, compared and merged:
 *
 *     leak-at-exit 1f0c8d0d2a2f4c11 3 server: accept in serve_one
 *
 * RULE FINGERPRINT COUNT and, for people, where. COUNT is how many there may be, `*` any number. Lines that begin with
 * # and empty ones say nothing. Of two lines with one fingerprint, as a merge leaves them, the larger count stands.
 */
#ifndef FDTRACE_BASELINE_H
#define FDTRACE_BASELINE_H

#include "finding.h"

struct baseline {
    struct baseline_entry {
        uint64_t fingerprint;
        uint64_t count; /* UINT64_MAX: any number */
        uint64_t left;  /* of count, while baseline_apply goes through the findings */
        bool met;       /* some finding had it */
    } *entries;         /* by fingerprint */
    size_t count;
};

/* Reads path. 0, or negative errno with one line (FILE:LINE: what) in error. */
int baseline_read(struct baseline *baseline, const char *path, char *error, size_t error_size);
void baseline_free(struct baseline *baseline);

/* Writes all findings that are not suppressed, "-" to standard output; a file is replaced as a whole, or not at all. */
int baseline_write(const struct findings *findings, const char *path, char *error, size_t error_size);

/*
 * What is known, and not more of it than the baseline has, is put aside (FINDING_KNOWN); of what has increased, `known`
 * tells how many were there. 0 or -ENOMEM; *gone: lines of the baseline that nothing was found for.
 */
int baseline_apply(struct baseline *baseline, struct findings *findings, size_t *gone);

#endif
