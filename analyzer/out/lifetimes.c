/* See lifetimes.h. */
#include "out/lifetimes.h"

uint64_t lifetimes_origin(const struct model *model)
{
    uint64_t origin = UINT64_MAX; /* which is also what an image has whose start is unknown */
    for (size_t i = 0; i < model->image_count; i++)
        if (model->images[i].start_ns < origin)
            origin = model->images[i].start_ns;
    return origin != UINT64_MAX ? origin : 0;
}

/* The next image of the same process follows soon in the order of time; a list of thousands is not searched twice. */
static const struct image *successor(const struct image *image)
{
    const struct model *model = image->model;
    for (size_t i = image->id; i < model->image_count; i++)
        if (model->images[i].predecessor == image && model->images[i].how == FDT_HOW_EXEC)
            return &model->images[i];
    return NULL;
}

uint64_t image_end_ns(const struct image *image)
{
    uint64_t end = image->end_ns;
    const struct image *next = image->end.how == END_EXEC ? successor(image) : NULL;
    if (next != NULL && next->start_ns != UINT64_MAX && next->start_ns < end)
        end = next->start_ns;
    return end > image->start_ns ? end : image->start_ns;
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

bool lifetime_next(const struct image *image, uint32_t *fd, struct lifetime *lifetime)
{
    const struct segment *segment = image->segment;
    while (segment != NULL && *fd < segment->slot_count && FDT_GENERATION(segment->slots[*fd].state) == 0)
        ++*fd;
    if (segment == NULL || *fd >= segment->slot_count)
        return false;
    const struct fdt_slot *slot = &segment->slots[*fd];
    uint32_t generation = FDT_GENERATION(slot->state);
    uint64_t end = image->end_ns > image->start_ns ? image->end_ns : image->start_ns;
    bool live = (slot->state & FDT_LIVE) != 0;
    bool died = !live && slot->death.ns != 0 && slot->death.generation == generation;
    bool inherited = (slot->state & FDT_INHERITED) != 0;
    *lifetime = (struct lifetime){
        .descriptor = model_descriptor(image, (int)*fd, generation, slot->state, &slot->life),
        .begin_ns = clamp(slot->life.ns != 0 ? slot->life.ns : image->start_ns, image->start_ns, end),
        .birth_seen = slot->life.ns != 0 && !inherited && (slot->state & FDT_ADOPTED) == 0,
        .end_seen = live || died,
    };
    lifetime->end_ns = clamp(died ? slot->death.ns : end, lifetime->begin_ns, end);
    ++*fd;
    return true;
}
