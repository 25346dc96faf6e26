/* See finding_merge.h. */
#include "finding_merge.h"

#include "array.h"
#include "hash.h"
#include "lineage.h"
#include "rule.h"

#include <stdlib.h>

struct placed {
    uint64_t key;
    struct finding *finding;
};

static uint64_t key_of_stack(uint64_t key, const struct model_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        const struct model_frame *frame = &stack->frames[i];
        key = hash_text(hash_text(key, frame->module), frame->function);
        key = frame->line != 0 ? hash_number(hash_text(key, frame->file), frame->line) : hash_number(key, frame->offset);
    }
    return hash_number(key, stack->count);
}

static uint64_t key_of(const struct finding *finding)
{
    uint64_t key = hash_text(hash_number(HASH_BEGIN, finding->fingerprint), finding->images[0]->exe);
    key = hash_text(hash_number(key, (uint64_t)finding->severity), finding->target);
    key = hash_number(hash_number(key, (uint64_t)finding->error), (uint64_t)finding->death_error);
    if (finding->descriptor_count > 0) {
        const struct descriptor *first = &finding->descriptors[0];
        key = hash_text(hash_number(key, first->kind), descriptor_name(first));
    }
    for (size_t i = 0; i < finding->stack_count; i++)
        key = key_of_stack(hash_text(key, finding->stacks[i].role), &finding->stacks[i].stack);
    return key;
}

/* Of equals, the one that happened first: the others join it. */
static int by_place(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    uint32_t a_id = a->finding->images[0]->id, b_id = b->finding->images[0]->id;
    if (a_id != b_id)
        return a_id < b_id ? -1 : 1;
    uint64_t a_ns = a->finding->stacks[0].ns, b_ns = b->finding->stacks[0].ns;
    return a_ns < b_ns ? -1 : a_ns > b_ns;
}

/* Both lists are in the order of ids. */
static bool join_images(struct finding *to, const struct finding *from)
{
    const struct image **both = calloc(to->image_count + from->image_count, sizeof(struct image *));
    size_t count = 0, i = 0, j = 0;
    if (both == NULL)
        return false;
    while (i < to->image_count || j < from->image_count) {
        const struct image *left = i < to->image_count ? to->images[i] : NULL;
        const struct image *right = j < from->image_count ? from->images[j] : NULL;
        bool takes_left = right == NULL || (left != NULL && left->id <= right->id);
        j += !takes_left || left == right;
        i += takes_left;
        both[count++] = takes_left ? left : right;
    }
    free(to->images);
    to->images = both;
    to->image_count = count;
    return true;
}

static bool has_root(const struct finding *finding, uint64_t key)
{
    for (size_t i = 0; i < finding->descriptor_count; i++) {
        struct root root = lineage_root(&finding->descriptors[i], NULL, 0, NULL);
        if (root_key(&root) == key)
            return true;
    }
    return false;
}

/* What crossed in several places is one lifetime still. */
static void drop_known_roots(const struct finding *to, struct finding *from)
{
    enum { COMPARED_MOST = 64 };
    size_t kept = 0;
    if (from->crossings == 0 || from->count != from->descriptor_count || to->descriptor_count > COMPARED_MOST)
        return;
    for (size_t i = 0; i < from->descriptor_count; i++) {
        struct root root = lineage_root(&from->descriptors[i], NULL, 0, NULL);
        if (!has_root(to, root_key(&root)))
            from->descriptors[kept++] = from->descriptors[i];
    }
    from->count = from->descriptor_count = kept;
}

/* from is left without images, which tells that it is to be freed. */
static bool join(struct findings *findings, struct finding *to, struct finding *from)
{
    if (!join_images(to, from))
        return false;
    drop_known_roots(to, from);
    to->count += from->count;
    to->crossings += from->crossings;
    for (size_t i = 0; i < from->descriptor_count; i++)
        finding_add_descriptor(findings, to, from->descriptors[i]);
    from->image_count = 0;
    return !findings->out_of_memory;
}

static void forget_joined(struct findings *findings)
{
    size_t kept = 0;
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = findings->items[i];
        if (finding->image_count > 0)
            findings->items[kept++] = finding;
        else
            finding_free(finding);
    }
    findings->count = kept;
}

bool findings_merge(struct findings *findings)
{
    struct placed *placed = calloc(findings->count + 1, sizeof(*placed));
    size_t count = 0;
    bool good = placed != NULL;
    for (size_t i = 0; good && i < findings->count; i++)
        if (findings->items[i]->rule->code->by_line && findings->items[i]->stack_count > 0)
            placed[count++] = (struct placed){key_of(findings->items[i]), findings->items[i]};
    if (count > 1)
        qsort(placed, count, sizeof(*placed), by_place);
    for (size_t i = 1, first = 0; good && i < count; i++) {
        if (placed[i].key == placed[first].key)
            good = join(findings, placed[first].finding, placed[i].finding);
        else
            first = i;
    }
    forget_joined(findings);
    free(placed);
    return good;
}
