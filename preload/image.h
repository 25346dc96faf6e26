/*
 * Who this image is: what the header of its segment says of the program, its process, and where it came from.
 */
#ifndef FDTRACE_IMAGE_H
#define FDTRACE_IMAGE_H

#include "layout.h"
#include "store.h"

/*
 * Fills the header of a new segment whose parts are laid out so and whose beginnings are secured. image is its number among
 * those of this process, 1 for the first. The magic comes last, so that a reader that sees it sees a whole header.
 */
void image_introduce(struct store *new, const struct fdt_part *parts, const struct limits *limits,
                     const struct store_origin *origin, uint32_t image);

/* glibc's loader hands main's arguments to constructors; elsewhere the kernel is asked. */
#ifdef __GLIBC__
#define IMAGE_IS_HANDED_ARGUMENTS true
#else
#define IMAGE_IS_HANDED_ARGUMENTS false
#endif
/* Puts the arguments into the header: at the start, when the constructor was handed them. */
void image_arguments(int argc, char **argv);

#endif
