/*
 * The layout of a new segment: how many entries each part has room for, and where it lies.
 */
#ifndef FDTRACE_LAYOUT_H
#define FDTRACE_LAYOUT_H

#include "fdtrace/segment.h"

#include <sys/resource.h>

/* Those that a recording must fit into, and the one it tells of. */
struct limits {
    struct rlimit nofile, space, file; /* RLIMIT_NOFILE, RLIMIT_AS, RLIMIT_FSIZE */
};
void limits_read(struct limits *limits);

/*
 * Fills parts and returns the size of the whole file in bytes. A program with a limited address space means to use it: what
 * we take of it is a sixteenth, or as little as makes sense.
 */
uint64_t lay_out(struct fdt_part parts[FDT_PART_COUNT], const struct limits *limits);

#endif
