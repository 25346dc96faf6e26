/*
 * One side of `fdtrace diff`: what a session, a recording or a JSON report found, by fingerprint. Findings with equal
 * fingerprints (two lines of one function) are one entry; their counts add up.
 */
#ifndef FDTRACE_DIFF_SIDE_H
#define FDTRACE_DIFF_SIDE_H

#include "finding.h"

struct diff_entry {
    char fingerprint[17];
    const struct rule *rule;
    uint64_t count;
    char *message; /* raw */
    char *where;   /* file:line of the program's own frame, "" unknown; raw */
    size_t order;  /* as they were told */
};

struct diff_side {
    struct diff_entry *entries; /* by fingerprint */
    size_t count;
};

/*
 * path: a session folder, a segment file, or a report of schema fdtrace-report/1 ("-": from standard input).
 * Suppressions and baselines do not apply to recordings here. 0, or negative errno with one line in error.
 */
int diff_side_load(struct diff_side *side, const char *path, char *error, size_t error_size);
void diff_side_free(struct diff_side *side);

#endif
