/*
 * Rights: which send a received descriptor came from, in whatever process. Messages are paired by the order in which they
 * went into and came out of one end of a connection; where that order does not settle it (two senders at once on connections
 * that share a name, a message that was swallowed by a plain read), nothing is claimed.
 */
#ifndef FDTRACE_RIGHTS_H
#define FDTRACE_RIGHTS_H

#include "model.h"

struct sent_right {
    const struct image *image;     /* the sender; NULL: unknown */
    const struct fdt_right *right; /* in its segment */
};

/* Fills image.sources of every image. False: out of memory. Called once, when images are linked. */
bool rights_pair(struct model *model);

/* The send a received lifetime came from; NULL for any other, and when it is not known. */
const struct sent_right *rights_source(const struct descriptor *descriptor);
/* The lifetime that was sent, as the sender had it. */
struct descriptor rights_original(const struct sent_right *sent);
/* What kind of thing a received lifetime is, as far as its senders knew; FDT_OTHER when nobody did. */
enum fdt_kind rights_kind(const struct descriptor *descriptor);
/* The lifetime that gives a received one its name: the first on the way back that has one, else the last that is known. */
struct descriptor rights_named(const struct descriptor *descriptor);

#endif
