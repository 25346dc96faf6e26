/*
 * The births of a session as a profile: distinct stacks with what they weigh. What flame graphs are made of, whatever
 * format carries them.
 *
 * Nouns
 *   profile frame  one line of a flame graph. Beside functions there are frames that are none: the program a stack
 *                  belongs to (always outermost), the call that made the descriptor (always innermost), and "(birth not
 *                  seen)".
 *   sample         one stack of one program, outermost frame first, with two weights.
 *   births         lifetimes that began there.
 *   live           of them, those that were open at the end: of a running image now, of an ended one when it ended.
 *                  What an exec closed is not among them, and a lifetime that was inherited counts once, where it was
 *                  born.
 *
 * Images with the same code share samples.
 */
#ifndef FDTRACE_OUT_PROFILE_H
#define FDTRACE_OUT_PROFILE_H

#include "model.h"

struct profile_frame {
    char *label;                   /* load, libc.so.6+0x27249: raw, never empty */
    const struct model_frame *at;  /* NULL: no function, see above. Lives as long as the model */
};

struct profile_sample {
    const struct image *image;     /* the first of its program with that stack */
    uint64_t births, live;
    uint32_t *frames;              /* into profile.frames, outermost first */
    size_t depth;
};

struct profile {
    struct profile_frame *frames;
    size_t frame_count;
    struct profile_sample *samples; /* in the order of their images and sites */
    size_t sample_count;
    struct profile_index *index;
    bool out_of_memory;
};

/* 0 or -ENOMEM. Free with profile_free in either case; model must outlive it. */
int profile_gather(struct profile *profile, struct model *model);
void profile_free(struct profile *profile);

#endif
