/*
 * Lifetimes as spans of time: the latest of each number of each image, which is what the table tells of.
 */
#ifndef FDTRACE_OUT_LIFETIMES_H
#define FDTRACE_OUT_LIFETIMES_H

#include "model.h"

struct lifetime {
    struct descriptor descriptor;
    uint64_t begin_ns, end_ns;     /* inside the image; begin <= end */
    bool birth_seen;               /* false: begin is where the image began */
    bool end_seen;                 /* false: it was closed, but nobody saw when; end is where the image ended */
};

/*
 * The next one of image from number *fd on; *fd is moved behind it. False: there is none left. An image that was not
 * traced has none.
 */
bool lifetime_next(const struct image *image, uint32_t *fd, struct lifetime *lifetime);

/* When the first image began: what times are told from. 0 for a model without images. */
uint64_t lifetimes_origin(const struct model *model);
/* When an image ended, never before it began and, for one that ended by an exec, never after the next one began. */
uint64_t image_end_ns(const struct image *image);

#endif
