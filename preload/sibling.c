/* See sibling.h. */
#include "sibling.h"

#include "table.h"
#include "thread.h"

enum { NEAR = 8 };

static const struct fdt_slot *live_of(int fd, int32_t tid)
{
    const uint64_t foreign = FDT_INHERITED | FDT_ADOPTED | FDT_CONTESTED | FDT_HIDDEN | FDT_IGNORED;
    const struct fdt_slot *slot = fd > 2 ? table_peek(fd) : NULL;
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    return (word & FDT_LIVE) && !(word & foreign) && slot->life.tid == tid ? slot : NULL;
}

static const struct fdt_site *site_at(uint32_t id)
{
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_SITES], __ATOMIC_ACQUIRE);
    return id != FDT_NO_SITE && id < have ? &store.sites[id] : NULL;
}

/* One function, called once: two lines of it, or of the helper it uses, are one different frame. */
static bool same_function(uint32_t left, uint32_t right)
{
    const struct fdt_site *a = site_at(left), *b = site_at(right);
    unsigned differences = 0;
    if (a == NULL || b == NULL || a->depth != b->depth || a->epoch != b->epoch)
        return false;
    for (unsigned i = 0; i < a->depth; i++)
        differences += store.frames[a->frames + i] != store.frames[b->frames + i];
    return differences <= 1;
}

static bool is_pair(const struct fdt_life *a, const struct fdt_life *b)
{
    return a->site == b->site && a->call == b->call;
}

static bool forgotten(const struct fdt_slot *slot)
{
    return (table_word(slot) & (FDT_CLOEXEC | FDT_FLAG_CLEARED)) == 0;
}

int sibling_inheritable(int fd)
{
    int before = -1, after = -1, tid = thread_self.tid;
    uint64_t before_ns = 0, after_ns = UINT64_MAX;
    const struct fdt_slot *self = live_of(fd, tid), *slot;
    if (self == NULL)
        return -1;
    for (int next = fd - NEAR; next <= fd + NEAR; next++) {
        if (next == fd || (slot = live_of(next, tid)) == NULL)
            continue;
        uint64_t ns = slot->life.ns;
        bool earlier = ns < self->life.ns || (ns == self->life.ns && next < fd);
        if (earlier && (before < 0 || ns >= before_ns)) {
            before = next;
            before_ns = ns;
        } else if (!earlier && (after < 0 || ns < after_ns)) {
            after = next;
            after_ns = ns;
        }
    }
    const int candidates[] = {after, before};
    int found = -1;
    for (int i = 0; i < 2; i++) {
        slot = candidates[i] >= 0 ? live_of(candidates[i], tid) : NULL;
        if (slot == NULL || !forgotten(slot))
            continue;
        if (is_pair(&slot->life, &self->life))
            return candidates[i];
        if (found < 0 && same_function(slot->life.site, self->life.site))
            found = candidates[i];
    }
    return found;
}
