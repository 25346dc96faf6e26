/*
 * Lifetimes that the table has forgotten, because their number was given away again: as far back as the flight recorder goes.
 */
#ifndef FDTRACE_OUT_PAST_H
#define FDTRACE_OUT_PAST_H

#include "model.h"

struct past {
    int fd;
    uint32_t generation;
    const struct fdt_event *birth;
    uint64_t end_ns;
    bool end_seen;             /* false: a sweep took it, or nobody saw; end_ns is when the number was born again */
};

/*
 * Calls visit for each of them, in the order in which they ended. 0, -ENOMEM, or -ESTALE when the recording's file cannot be read
 * again.
 */
int past_each(const struct image *image, void (*visit)(const struct past *past, void *data), void *data);

#endif
