/*
 * Lineage: where a descriptor came from, through forks, execs and spawns, back to the call that made it.
 *
 * Inside one image a lifetime begins by a call, or it was inherited. An inherited one is followed into the image before: by
 * its own number through a fork or an exec, by the number the record of the start names through a spawn (a vfork child, or
 * the file actions of posix_spawn, may have put it elsewhere).
 */
#ifndef FDTRACE_LINEAGE_H
#define FDTRACE_LINEAGE_H

#include "model.h"

/* The lifetime an inherited one began as. */
struct root {
    const struct image *image;     /* it was born in */
    int fd;
    uint32_t generation;
    uint32_t site;                 /* in that image's segment */
    uint16_t call;                 /* likewise */
    uint64_t ns;
    int thread;
    bool known;                    /* the birth was seen; otherwise image is as far back as the record goes */
    bool executed;                 /* it has crossed an exec or a spawn since */
};

/* One image it passed through, the latest first. */
struct lineage_step {
    const struct image *image;     /* it was inherited from */
    enum fdt_how how;              /* by fork, exec or spawn */
    int fd;                        /* its number there */
    uint32_t generation;           /* 0 unknown */
};

/*
 * The root of a lifetime of image: number, slot word and life, as a table, an incident or a crossing has them. steps (may be
 * NULL) receives up to most images it was inherited through; *count how many.
 */
struct root lineage_root(const struct descriptor *descriptor, struct lineage_step *steps, size_t most, size_t *count);

/* Equal for the same root lifetime, whatever image looks at it. */
uint64_t root_key(const struct root *root);

#endif
