/* Ended handles. See handle.h. */
#include "handle.h"

#include "table.h"

#define PLACES 64u

/* A forked child's copy of this memory names sites of its parent, which mean nothing in its own record. */
static struct place {
    uint32_t pen;
    uint64_t image;
    struct handle_end end;
} places[PLACES];

static struct place *place_of(const void *handle)
{
    return &places[((uintptr_t)handle >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 58];
}

static bool take(struct place *place)
{
    uint32_t nobody = 0;
    return __atomic_compare_exchange_n(&place->pen, &nobody, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void give(struct place *place)
{
    __atomic_store_n(&place->pen, 0, __ATOMIC_RELEASE);
}

void handle_ends(const void *handle, enum handle_fate fate, int fd, const struct fdt_slot *slot, uint32_t incident)
{
    struct place *place = place_of(handle);
    if (!take(place))
        return;
    place->image = store.header->start_monotonic_ns;
    place->end.handle = handle;
    place->end.fate = fate;
    place->end.fd = fd;
    place->end.incident = incident;
    place->end.state = table_word(slot);
    place->end.death = slot->death;
    memcpy(&place->end.life, &slot->life, offsetof(struct fdt_life, name));
    give(place);
}

enum handle_fate handle_fate(const void *handle, struct handle_end *end)
{
    struct place *place = place_of(handle);
    if (place->end.handle != handle || !take(place))
        return HANDLE_UNKNOWN;
    *end = place->end;
    bool ours = end->handle == handle && place->image == store.header->start_monotonic_ns;
    give(place);
    return ours ? end->fate : HANDLE_UNKNOWN;
}

void handle_begins(const void *handle)
{
    struct place *place = place_of(handle);
    if (UNLIKELY(place->end.handle == handle) && take(place)) {
        place->end.handle = NULL;
        give(place);
    }
}
