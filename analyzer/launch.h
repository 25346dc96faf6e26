/*
 * Launches: the record an image keeps of the programs it started (fdtrace/segment.h, struct fdt_exec), held against the
 * images that came of them. A program that was started and left no recording becomes an image that was not traced, so that
 * nothing the tree did is missing from the report.
 */
#ifndef FDTRACE_LAUNCH_H
#define FDTRACE_LAUNCH_H

#include "model.h"

/* Forked children of one image that are told one by one when they left no recording. */
enum { LAUNCH_FORKS_MOST = 64 };

/*
 * Appends an image for every program that was started and left no recording; images has room for as many as
 * the segments have execs, and LAUNCH_FORKS_MOST for each of them. The new count, or 0 when out
 * of memory. Called once, before images are sorted and linked.
 */
size_t launches_add_missing(struct image *images, size_t count);
/* Sets image.launch everywhere; called once images are linked. False: out of memory. */
bool launches_link(struct model *model);

/* What the started program was called: its path as it was given. */
const char *launch_path(const struct fdt_exec *launch);
/* Its arguments, a NULL-terminated list into the record; the caller frees the list. NULL: out of memory. */
const char *const *launch_arguments(const struct fdt_exec *launch);
/* Why it left no recording, as far as can be told; lives as long as the program. */
const char *launch_explain(const struct fdt_exec *launch);
/* The exec that ended this image, or NULL: it went another way, or was not seen. */
const struct fdt_exec *launch_last(const struct image *image);

#endif
