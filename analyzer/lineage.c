/* See lineage.h. */
#include "lineage.h"

#include "hash.h"

/* One lifetime on the way back. life NULL: it was inherited there, and its number has been used again since. */
struct place {
    const struct image *image;
    int fd;
    uint64_t state;
    uint32_t generation;
    const struct fdt_life *life;
    bool end;                      /* it was born in image, whose slot no longer tells of it */
};

static const struct image *ancestor(const struct image *image, int pid, uint32_t number)
{
    for (image = image->predecessor; image != NULL; image = image->predecessor)
        if (image->pid == pid && image->number == number)
            return image;
    return NULL;
}

static const struct fdt_slot *slot_of(const struct image *image, int fd)
{
    const struct segment *segment = image->segment;
    return segment != NULL && fd >= 0 && (uint32_t)fd < segment->slot_count ? &segment->slots[fd] : NULL;
}

/* The slot of image, if it still holds that generation (0: any that lives). */
static struct place place_in(const struct image *image, int fd, uint32_t generation)
{
    const struct fdt_slot *slot = slot_of(image, fd);
    struct place place = {.image = image, .fd = fd, .generation = generation};
    if (slot != NULL && (generation != 0 ? FDT_GENERATION(slot->state) == generation : (slot->state & FDT_LIVE) != 0)) {
        place.state = slot->state;
        place.generation = FDT_GENERATION(slot->state);
        place.life = &slot->life;
    }
    return place;
}

static const struct fdt_crossing *find_crossing(const struct image *image, int fd)
{
    const struct fdt_exec *launch = image->launch;
    const struct segment *segment = image->predecessor->segment;
    for (uint32_t i = 0; launch != NULL && segment != NULL && i < segment->crossing_count; i++)
        if (segment->crossings[i].group == launch->group && segment->crossings[i].fd == fd)
            return &segment->crossings[i];
    return NULL;
}

/* Where an inherited lifetime was before. False: the record does not say. */
static bool step_back(struct place *place)
{
    const struct image *image = place->image, *before = image->predecessor;
    if (before == NULL)
        return false;
    if (image->how == FDT_HOW_SPAWN) {
        const struct fdt_crossing *crossing = find_crossing(image, place->fd);
        if (crossing == NULL)
            return false;
        *place = (struct place){before, crossing->from, crossing->state, crossing->generation, &crossing->life, false};
        return true;
    }
    if (image->how != FDT_HOW_FORK) { /* the table of an image that executed stands still */
        struct place there = place_in(before, place->fd, 0);
        *place = there.life != NULL ? there : *place;
        return there.life != NULL;
    }
    const struct fdt_life *life = place->life;
    if (life != NULL && life->from < 0)
        return false;
    bool born_there = life != NULL && life->root_pid == before->pid && life->root_image == before->number;
    if (life != NULL && life->from_generation != 0)
        *place = place_in(before, place->fd, life->from_generation);
    else
        *place = (struct place){.image = before, .fd = place->fd};
    place->end = born_there && place->life == NULL;
    return true;
}

static struct root here(const struct place *place)
{
    struct root root = {.image = place->image, .fd = place->fd, .generation = place->generation, .call = FDT_NO_CALL};
    if (place->life == NULL || (place->state & (FDT_INHERITED | FDT_ADOPTED)) != 0 || place->life->ns == 0)
        return root;
    root.site = place->life->site;
    root.call = place->life->call;
    root.ns = place->life->ns;
    root.thread = place->life->tid;
    root.known = true;
    return root;
}

/* A forked lifetime brings its root along, so that it is known even when the parent's number was used again. */
static struct root brought(const struct place *place, struct root root)
{
    const struct fdt_life *life = place->life;
    const struct image *birthplace = life != NULL && life->root_pid != 0
                                         ? ancestor(place->image, life->root_pid, life->root_image)
                                         : NULL;
    if (root.known || birthplace == NULL || birthplace->segment == NULL)
        return root;
    return (struct root){.image = birthplace, .fd = place->fd, .generation = life->root_generation,
                         .site = life->root_site < birthplace->segment->site_count ? life->root_site : FDT_NO_SITE,
                         .call = life->call, .ns = life->ns, .thread = life->tid, .known = life->ns != 0,
                         .executed = root.executed};
}

struct root lineage_root(const struct descriptor *descriptor, struct lineage_step *steps, size_t most, size_t *count)
{
    struct place place = {descriptor->image, descriptor->fd, descriptor->state, descriptor->generation,
                          descriptor->life, false};
    struct place told = place;
    bool executed = false;
    size_t taken = 0;
    while (!place.end && (place.life == NULL || (place.state & FDT_INHERITED) != 0)) {
        enum fdt_how how = place.image->how;
        if (!step_back(&place))
            break;
        executed |= how != FDT_HOW_FORK;
        if (steps != NULL && taken < most)
            steps[taken++] = (struct lineage_step){place.image, how, place.fd, place.generation};
        if (place.life != NULL && place.life->root_pid != 0)
            told = place;
    }
    if (count != NULL)
        *count = taken;
    struct root root = here(&place);
    root.executed = executed;
    return brought(&told, root);
}

uint64_t root_key(const struct root *root)
{
    return hash_number(hash_number(hash_number(HASH_BEGIN, root->image->id), (uint64_t)root->fd), root->generation);
}
