/* See ordinal.h. */
#include "out/ordinal.h"

#include <stdlib.h>

struct numbered {
    uint64_t fingerprint;
    size_t index;
};

static int compare(const void *left, const void *right)
{
    const struct numbered *a = left, *b = right;
    if (a->fingerprint != b->fingerprint)
        return a->fingerprint < b->fingerprint ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

size_t *finding_ordinals(const struct findings *findings)
{
    struct numbered *sorted = calloc(findings->count + 1, sizeof(*sorted));
    size_t *ordinals = calloc(findings->count + 1, sizeof(*ordinals));
    if (sorted == NULL || ordinals == NULL) {
        free(sorted);
        free(ordinals);
        return NULL;
    }
    for (size_t i = 0; i < findings->count; i++)
        sorted[i] = (struct numbered){findings->items[i]->fingerprint, i};
    qsort(sorted, findings->count, sizeof(*sorted), compare);
    for (size_t i = 1; i < findings->count; i++)
        if (sorted[i].fingerprint == sorted[i - 1].fingerprint)
            ordinals[sorted[i].index] = ordinals[sorted[i - 1].index] + 1;
    free(sorted);
    return ordinals;
}
