/*
 * Limits on descriptors: which there are, how much of them was used, and who used it. Attached to the findings of
 * limit-hit and limit-near, and printed by the writers.
 */
#ifndef FDTRACE_HEADROOM_H
#define FDTRACE_HEADROOM_H

#include "model.h"

enum { LIMIT_HOLDERS_MOST = 8 };

/* A site that held many descriptors when a limit was hit. */
struct limit_holder {
    struct descriptor oldest;     /* of the lifetimes it held: the one born first */
    uint64_t live;                /* how many */
    double oldest_age, youngest_age;   /* seconds, at that moment */
    struct model_stack stack;     /* of their birth */
};

struct finding_limits {
    const char *which;            /* the limit that was reached, or is near: "RLIMIT_NOFILE (soft)", ... */
    uint64_t soft, hard;          /* RLIMIT_NOFILE */
    uint64_t nr_open, file_max;   /* fs.nr_open and fs.file-max of this system as it is now; 0 unknown */
    uint64_t open;                /* descriptors the process had open then; for limit-near, at most */
    uint64_t peak;                /* descriptors the process had open at one time, at most */
    struct limit_holder holders[LIMIT_HOLDERS_MOST]; /* most first */
    size_t holder_count;
};

/* What an image is allowed, and what its system is. error: EMFILE or ENFILE. NULL: out of memory. Freed with free(). */
struct finding_limits *limits_of(const struct image *image, uint64_t soft, int error);
/* Adds what the image's black box says about this error. */
void limits_add_holders(struct finding_limits *limits, struct model *model, const struct image *image, int error);

#endif
