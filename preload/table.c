/* Transitions of slots. See table.h, and record.h for order and unrest. */
#include "table.h"

#include "raw.h"
#include "ring.h"
#include "thread.h"

#include <string.h>

uint32_t table_end(void)
{
    uint32_t high = __atomic_load_n(&store.header->high_water, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_TABLE], __ATOMIC_ACQUIRE);
    return high < have ? high : have;
}

static void raise_to(uint32_t *mark, uint32_t value)
{
    uint32_t old = __atomic_load_n(mark, __ATOMIC_RELAXED);
    while (old < value && !__atomic_compare_exchange_n(mark, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static struct fdt_site *site_at(uint32_t id)
{
    return id != FDT_NO_SITE && id < __atomic_load_n(&store.secured[FDT_PART_SITES], __ATOMIC_ACQUIRE) ? &store.sites[id]
                                                                                                    : NULL;
}

/* The counters that follow a slot's word: site and totals. */
static void count_birth(uint32_t site_id, bool cloexec)
{
    struct fdt_site *site = site_at(site_id);
    raise_to(&store.header->open_peak, __atomic_add_fetch(&store.header->open_now, 1, __ATOMIC_RELAXED));
    if (site == NULL)
        return;
    uint64_t births = __atomic_add_fetch(&site->births, 1, __ATOMIC_RELAXED);
    uint64_t live = births - __atomic_load_n(&site->deaths, __ATOMIC_RELAXED);
    if (live > site->peak)
        raise_to(&site->peak, (uint32_t)live);
    if (!cloexec)
        __atomic_fetch_add(&site->inheritable, 1, __ATOMIC_RELAXED);
}

static void count_death(uint32_t site_id, int direction)
{
    struct fdt_site *site = site_at(site_id);
    __atomic_fetch_sub(&store.header->open_now, direction, __ATOMIC_RELAXED);
    if (site != NULL)
        __atomic_fetch_add(&site->deaths, direction, __ATOMIC_RELAXED);
}

/* The end of a long name says more than its beginning. */
static bool copy_name(char to[FDT_NAME_SIZE], const char *name)
{
    size_t length = strnlen(name, 8192);
    bool cut = length >= FDT_NAME_SIZE;
    if (cut) {
        name += length - (FDT_NAME_SIZE - 1);
        length = FDT_NAME_SIZE - 1;
    }
    memcpy(to, name, length);
    to[length] = '\0';
    return cut;
}

/* A signal handler, or a racing thread, may find the pen taken: then the details are left alone, and the slot says so. */
static bool take_pen(struct fdt_slot *slot)
{
    uint32_t nobody = 0;
    return __atomic_compare_exchange_n(&slot->pen, &nobody, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void write_life(struct fdt_life *life, const struct table_entry *entry, uint64_t *flags)
{
    memcpy(life, &entry->life, offsetof(struct fdt_life, name));
    if (entry->name == NULL || entry->name[0] == '\0')
        life->name[0] = '\0';
    else if (copy_name(life->name, entry->name))
        *flags |= FDT_NAME_CUT;
}

/*
 * Two births on one number with no death between: either the death went unseen (raw system call), and ours is the new
 * lifetime; or both threads are late, and the number belongs to whichever record agrees with the kernel.
 */
static bool other_record_is_right(const struct fdt_slot *slot, int fd, uint64_t word, bool cloexec_now,
                                  const struct table_entry *entry)
{
    if ((word & FDT_LIVE) == 0 || (word & FDT_ADOPTED) != 0)
        return false;
    enum fdt_kind actual = table_kernel_kind(fd);
    bool ours = !!(entry->flags & FDT_CLOEXEC) == cloexec_now && table_kind_agrees(entry->life.kind, actual);
    bool theirs = !!(word & FDT_CLOEXEC) == cloexec_now && table_kind_agrees(slot->life.kind, actual);
    return theirs && (!ours || slot->life.ns > entry->life.ns);
}

bool table_birth(struct fdt_slot *slot, int fd, const struct table_entry *entry)
{
    uint64_t flags = entry->flags | FDT_LIVE;
    uint64_t word = table_word(slot);
    bool alive = true;

    raise_to(&store.header->high_water, (uint32_t)fd + 1);
    bool pen = take_pen(slot);
    for (;;) {
        if (UNLIKELY(entry->doubtful || !pen)) {
            int answer = raw_getfd(fd);
            alive = answer >= 0;
            if (!alive)
                break; /* dead on arrival: somebody closed it before we could write it down */
            if (other_record_is_right(slot, fd, word, answer & FD_CLOEXEC, entry))
                break;
            flags = (flags & ~FDT_CLOEXEC) | (answer & FD_CLOEXEC ? FDT_CLOEXEC : 0) | FDT_CONTESTED;
        }
        uint32_t old_site = slot->life.site;
        if (pen) {
            write_life(&slot->life, entry, &flags);
        } else {
            flags |= FDT_ADOPTED;
        }
        uint64_t next = table_next(word, flags, FDT_STATE_FLAGS & ~flags);
        next += UINT64_C(1) << FDT_GENERATION_SHIFT;
        uint64_t seen = word;
        if (table_swap(slot, &word, next)) {
            if (seen & FDT_LIVE) /* an unseen death made room */
                count_death(old_site, 1);
            break;
        }
    }
    if (pen)
        __atomic_store_n(&slot->pen, 0, __ATOMIC_RELEASE);
    count_birth(entry->life.site, flags & FDT_CLOEXEC);
    if (!alive)
        count_death(entry->life.site, 1);
    return alive;
}

bool table_death(struct fdt_slot *slot, uint64_t *word, const struct fdt_death *death, uint64_t *after)
{
    *word = table_word(slot);
    do {
        if ((*word & FDT_LIVE) == 0)
            return false;
        *after = table_next(*word, 0, FDT_LIVE);
    } while (!table_swap(slot, word, *after));
    /* Still open in the kernel, so nobody else can be given this number yet: these plain stores have no rival. */
    slot->death = *death;
    slot->death.generation = FDT_GENERATION(*after);
    count_death(slot->life.site, 1);
    return true;
}

bool table_revive(struct fdt_slot *slot, uint64_t before, uint64_t after)
{
    if (!table_swap(slot, &after, table_next(after, before & FDT_STATE_FLAGS, 0)))
        return false;
    count_death(slot->life.site, -1);
    return true;
}

void table_no_longer_inheritable(struct fdt_slot *slot)
{
    struct fdt_site *site = site_at(slot->life.site);
    if (site != NULL)
        __atomic_fetch_sub(&site->inheritable, 1, __ATOMIC_RELAXED);
}

bool table_rename(struct fdt_slot *slot, const char *name)
{
    uint64_t word = table_word(slot);
    if ((word & FDT_LIVE) == 0 || !take_pen(slot))
        return false;
    bool cut = copy_name(slot->life.name, name);
    while ((word & FDT_LIVE) &&
           !table_swap(slot, &word, table_next(word, cut ? FDT_NAME_CUT : 0, cut ? 0 : FDT_NAME_CUT)))
        ;
    __atomic_store_n(&slot->pen, 0, __ATOMIC_RELEASE);
    return true;
}

static void adopt(struct fdt_slot *slot, int fd, bool cloexec)
{
    enum fdt_kind kind = table_kernel_kind(fd);
    struct table_entry entry = {
        .life = {.ns = store_now(), .call = FDT_NO_CALL, .from = -1,
                 .kind = (uint8_t)(kind == FDT_KIND_COUNT ? FDT_OTHER : kind)},
        .flags = FDT_ADOPTED | FDT_CONTESTED | (cloexec ? FDT_CLOEXEC : 0),
    };
    table_birth(slot, fd, &entry);
}

void table_settle(struct fdt_slot *slot, int fd)
{
    /* Each round lost means that another thread has just settled the same slot: the bound is a safety net. */
    for (int round = 0; round < 64; round++) {
        uint64_t word = table_word(slot);
        int answer = raw_getfd(fd);
        bool open = answer >= 0, cloexec = open && (answer & FD_CLOEXEC);
        if (open && (word & FDT_LIVE) == 0) {
            adopt(slot, fd, cloexec);
            uint64_t now = table_word(slot);
            if (raw_getfd(fd) >= 0 || (now & FDT_LIVE) == 0)
                return;
            continue;
        }
        uint64_t next = open ? table_next(word, FDT_CONTESTED | (cloexec ? FDT_CLOEXEC : 0), cloexec ? 0 : FDT_CLOEXEC)
                             : table_next(word, FDT_CONTESTED | (word & FDT_LIVE ? FDT_UNSEEN_DEATH : 0), FDT_LIVE);
        if (!table_swap(slot, &word, next))
            continue;
        if (!open && (word & FDT_LIVE))
            count_death(slot->life.site, 1);
        ring_write(&(struct event){.type = FDT_EVENT_SETTLED, .call = FDT_NO_CALL, .fd = fd, .other = -1, .value = open,
                                   .generation = FDT_GENERATION(next), .ns = store_now()});
        return;
    }
}
