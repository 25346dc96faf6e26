/*
 * The places of one image's sites, for formats that tell of thousands of events at a few sites: each is looked up once.
 */
#ifndef FDTRACE_OUT_SITE_PLACES_H
#define FDTRACE_OUT_SITE_PLACES_H

#include "finding.h"

struct site_places {
    const struct image *image;
    const struct model_frame **frames; /* by site; NULL is none, or not looked up yet */
    bool *looked_up;
};

/* False: out of memory, and nothing to end. */
bool site_places_begin(struct site_places *places, const struct image *image);
void site_places_end(struct site_places *places);

/* The frame people should look at first (own_frame); NULL: the stack is empty. site is one of the segment's. */
const struct model_frame *site_place(struct site_places *places, uint32_t site);

#endif
