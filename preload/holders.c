/* Who holds the descriptors. See holders.h. */
#include "holders.h"

#include "table.h"

/* Keeps the list sorted, most first; what falls out at its end is forgotten. */
static unsigned enter(struct holder holders[HOLDERS_MOST], unsigned count, uint32_t site, uint32_t live)
{
    unsigned at = count < HOLDERS_MOST ? count : HOLDERS_MOST - 1;
    if (count == HOLDERS_MOST && holders[at].live >= live)
        return count;
    for (; at > 0 && holders[at - 1].live < live; at--)
        holders[at] = holders[at - 1];
    holders[at] = (struct holder){.site = site, .live = live, .oldest = -1};
    return count < HOLDERS_MOST ? count + 1 : count;
}

/* By the sites' own counters: two words of each. */
static unsigned find_sites(struct holder holders[HOLDERS_MOST])
{
    unsigned count = 0;
    uint32_t end = __atomic_load_n(&store.header->sites, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_SITES], __ATOMIC_ACQUIRE);
    for (uint32_t id = 0; id < end && id < have; id++) {
        const struct fdt_site *site = &store.sites[id];
        uint64_t deaths = __atomic_load_n(&site->deaths, __ATOMIC_RELAXED);
        uint64_t births = __atomic_load_n(&site->births, __ATOMIC_RELAXED);
        if (births > deaths)
            count = enter(holders, count, id, (uint32_t)(births - deaths));
    }
    return count;
}

static void look_at(struct holder *holder, int fd, const struct fdt_life *life)
{
    if (holder->oldest < 0 || life->ns < holder->oldest_ns) {
        holder->oldest = fd;
        holder->oldest_ns = life->ns;
    }
    if (life->ns > holder->youngest_ns)
        holder->youngest_ns = life->ns;
    holder->live++;
}

unsigned holders_find(struct holder holders[HOLDERS_MOST])
{
    unsigned count = find_sites(holders), kept = 0;
    for (unsigned i = 0; i < count; i++)
        holders[i].live = 0; /* what the table shows is what will be told */
    for (uint32_t fd = 0; fd < table_end(); fd++) {
        const struct fdt_slot *slot = table_at(fd);
        uint64_t word = table_word(slot);
        for (unsigned i = 0; i < count && (word & (FDT_LIVE | FDT_INHERITED)) == FDT_LIVE; i++)
            if (holders[i].site == slot->life.site)
                look_at(&holders[i], (int)fd, &slot->life);
    }
    for (unsigned i = 0; i < count; i++)
        if (holders[i].live > 0)
            holders[kept++] = holders[i];
    return kept;
}
