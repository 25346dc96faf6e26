/* What the model keeps to itself: the session it came from, and what has been looked up of stacks. */
#ifndef FDTRACE_MODEL_PRIVATE_H
#define FDTRACE_MODEL_PRIVATE_H

#include "model.h"
#include "session.h"

/* Per image, made when the first of its sites is asked about. */
struct image_keys {
    uint64_t *sites;      /* by site id; 0: not worked out yet          */
    uint64_t *modules;    /* by index in segment->modules: what it is   */
};

struct model_private {
    struct session session;
    struct image_keys *keys;         /* by image id - 1 */
    struct frame_entry *frames;      /* what an address of a module means, by (module, offset) */
    struct stack_block *stacks;      /* frame arrays handed out */
    struct symbols *symbols;
};

void model_stacks_free(struct model *model);

#endif
