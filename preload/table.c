/* Transitions of slots. See table.h, and record.h for order and unrest. */
#include "table.h"

#include "history.h"
#include "option.h"
#include "quarantine.h"
#include "raw.h"
#include "ring.h"
#include "sites.h"
#include "thread.h"
#include "unrest.h"
#include "vdso.h"

#include <string.h>

struct fdt_slot table_empty;

uint32_t table_end(void)
{
    uint32_t high = __atomic_load_n(&store.header->high_water, __ATOMIC_ACQUIRE);
    uint32_t most = store.count[FDT_PART_TABLE];
    return high < most ? high : most;
}

static void raise_to(uint32_t *mark, uint32_t value)
{
    uint32_t old = __atomic_load_n(mark, __ATOMIC_RELAXED);
    while (old < value && !__atomic_compare_exchange_n(mark, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/* Whose counters a lifetime moves: its site's, site 0's when its stack is unknown, nobody's when it was inherited. */
static struct fdt_site *site_of(uint32_t id, uint64_t flags)
{
    bool counts = !(flags & FDT_INHERITED) && id < __atomic_load_n(&store.secured[FDT_PART_SITES], __ATOMIC_ACQUIRE);
    /* Where no stack is ever kept (depth=0), nobody else has asked for site 0's memory. */
    if (UNLIKELY(!counts && id == FDT_NO_SITE && !(flags & FDT_INHERITED)))
        counts = store_secure_slowly(FDT_PART_SITES, id);
    return counts ? &store.sites[id] : NULL;
}

/* The counters that follow a slot's word: site and totals. flags are the word's. */
static void count_birth(uint32_t site_id, uint64_t flags)
{
    struct fdt_site *site = site_of(site_id, flags);
    raise_to(&store.header->open_peak, __atomic_add_fetch(&store.header->open_now, 1, __ATOMIC_RELAXED));
    if (site == NULL)
        return;
    uint64_t births = __atomic_add_fetch(&site->births, 1, __ATOMIC_RELAXED);
    uint64_t live = births - __atomic_load_n(&site->deaths, __ATOMIC_RELAXED);
    if (live > site->peak)
        raise_to(&site->peak, (uint32_t)live);
    if (UNLIKELY((births & (births - 1)) == 0))
        site_sample(site, births, live);
    if (!(flags & FDT_CLOEXEC))
        __atomic_fetch_add(&site->inheritable, 1, __ATOMIC_RELAXED);
}

void table_count_death(uint32_t site_id, uint64_t flags, int direction)
{
    struct fdt_site *site = site_of(site_id, flags);
    __atomic_fetch_sub(&store.header->open_now, direction, __ATOMIC_RELAXED);
    if (site != NULL)
        __atomic_fetch_add(&site->deaths, direction, __ATOMIC_RELAXED);
}

/* The end of a long name says more than its beginning. */
static COLD bool copy_end(char to[FDT_NAME_SIZE], const char *name)
{
    name += strnlen(name, 8192) - (FDT_NAME_SIZE - 1);
    memcpy(to, name, FDT_NAME_SIZE - 1);
    to[FDT_NAME_SIZE - 1] = '\0';
    return true;
}

/* Byte by byte: for the length of a path, two calls into libc (how long? copy) cost more. True: it was too long. */
static inline bool copy_name(char to[FDT_NAME_SIZE], const char *name)
{
    for (size_t i = 0; i < FDT_NAME_SIZE; i++)
        if ((to[i] = name[i]) == '\0')
            return false;
    return copy_end(to, name);
}

/*
 * A signal handler, or a racing thread, may find the pen taken: then the details are left alone, and the slot says so.
 * But a handler may also have jumped out of a birth, and nobody will give that pen back: it is ours again as soon as
 * we stand no deeper on the stack than the latest of ours that took one. *outer is for give_pen.
 */
static inline __attribute__((always_inline)) bool take_pen(struct fdt_slot *slot, uintptr_t *outer)
{
    const uint32_t somebody = 1; /* a thread that could not ask for its id (filter.h), and there may be more of them */
    struct thread *self = &thread_self;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), latest = self->pen_at;
    uint32_t me = self->tid != 0 ? (uint32_t)self->tid : somebody, holder = 0;
    bool nested = here < latest;
    *outer = nested ? latest : 0;
    self->pen_at = here; /* before it is taken: a handler in between must find us nested around it */
    if (__atomic_compare_exchange_n(&slot->pen, &holder, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) ||
        (holder == me && me != somebody && !nested))
        return true;
    self->pen_at = latest;
    return false;
}

static void give_pen(struct fdt_slot *slot, uintptr_t outer)
{
    thread_self.pen_at = outer;
    __atomic_store_n(&slot->pen, 0, __ATOMIC_RELEASE);
}

static void write_life(struct fdt_life *life, const struct table_entry *entry, uint64_t *flags)
{
    memcpy(life, &entry->life, offsetof(struct fdt_life, name));
    if (entry->name == NULL || entry->name[0] == '\0')
        life->name[0] = '\0';
    else if (copy_name(life->name, entry->name))
        *flags |= FDT_NAME_CUT;
}

/* The pen's bearer makes room for a new lifetime: the one before becomes the past, and what was counted of it begins anew. */
static inline void turn_page(struct fdt_slot *slot, int fd, uint64_t word, uint64_t *flags)
{
    if (UNLIKELY(options.last_used)) {
        *flags |= FDT_TIMED;
        __atomic_store_n(&slot->used, 0, __ATOMIC_RELAXED);
    }
    if (FDT_GENERATION(word) != 0)
        history_push(fd, slot, FDT_GENERATION(word));
}

enum verdict { OURS, THEIRS, NOBODYS, DEAD };

/*
 * Whose is a doubtful number? The kernel tells whether it is open, its flag and its kind. A live record that agrees with all
 * that stands, unless it is older than ours and ours agrees as well. When neither does, a third thread is about to say.
 */
static enum verdict ask(const struct fdt_slot *slot, int fd, uint64_t word, const struct table_entry *entry,
                        enum fdt_kind *actual, bool *cloexec)
{
    int answer = raw_getfd(fd);
    if (answer < 0 || (UNLIKELY(quarantine_on) && quarantine_is_tombstone(fd)))
        return DEAD;
    *cloexec = answer & FD_CLOEXEC;
    *actual = table_kernel_kind(fd);
    bool known = (word & FDT_LIVE) && !(word & FDT_ADOPTED);
    bool ours = !!(entry->flags & FDT_CLOEXEC) == *cloexec && table_kind_agrees(entry->life.kind, *actual);
    bool theirs = known && !!(word & FDT_CLOEXEC) == *cloexec && table_kind_agrees(slot->life.kind, *actual);
    if (theirs && (!ours || slot->life.ns > entry->life.ns))
        return THEIRS;
    return ours || table_kind_agrees(entry->life.kind, *actual) ? OURS : NOBODYS;
}

/* What nobody has claimed yet: open, of this kind, and no more is known. */
static void unclaimed(struct table_entry *entry, enum fdt_kind kind, uint64_t ns)
{
    table_entry_begin(entry);
    entry->life.ns = ns;
    entry->life.call = FDT_NO_CALL;
    entry->life.kind = (uint8_t)(kind == FDT_KIND_COUNT ? FDT_OTHER : kind);
    entry->flags = FDT_ADOPTED;
}

bool table_birth(struct fdt_slot *slot, int fd, const struct table_entry *entry)
{
    const struct table_entry *winner = entry;
    struct table_entry nobodys;
    enum verdict verdict = OURS;
    uint64_t word = table_word(slot), flags, next;
    uintptr_t outer = 0;
    bool pen = take_pen(slot, &outer);

    raise_to(&store.header->high_water, (uint32_t)fd + 1);
    for (;;) {
        flags = winner->flags | FDT_LIVE;
        /* After word was read: whoever settles this slot meanwhile changes it, and the swap below fails. */
        if (UNLIKELY(!pen || (entry->call != NULL && unrest_since(entry->call)))) {
            enum fdt_kind actual = FDT_KIND_COUNT;
            bool cloexec = false;
            verdict = ask(slot, fd, word, entry, &actual, &cloexec);
            if (verdict == DEAD || verdict == THEIRS)
                break;
            if (verdict == NOBODYS || !pen) {
                unclaimed(&nobodys, actual, entry->life.ns);
                winner = &nobodys;
            }
            flags = (winner->flags & ~FDT_CLOEXEC) | (cloexec ? FDT_CLOEXEC : 0) | FDT_LIVE | FDT_CONTESTED;
        }
        uint32_t old_site = slot->life.site;
        if (pen)
            turn_page(slot, fd, word, &flags);
        if (pen)
            write_life(&slot->life, winner, &flags);
        next = table_next(word, flags, FDT_STATE_FLAGS & ~flags) + (UINT64_C(1) << FDT_GENERATION_SHIFT);
        uint64_t seen = word;
        if (table_swap(slot, &word, next)) {
            if (seen & FDT_LIVE) /* an unseen death made room */
                table_count_death(old_site, seen, 1);
            break;
        }
    }
    if (pen)
        give_pen(slot, outer);
    if (verdict == OURS || verdict == NOBODYS)
        count_birth(winner->life.site, flags);
    return verdict == OURS;
}

static inline void compose(struct fdt_life *life, const struct call *call, const struct birth *birth)
{
    life->ns = birth->ns;
    life->site = birth->site;
    life->tid = thread_self.tid;
    life->call = call->id;
    life->kind = birth->kind;
    life->owner = birth->owner;
    life->flags = birth->flags;
    life->handle = (uint64_t)(uintptr_t)birth->handle;
    life->from = birth->from;
    life->from_generation = birth->from_generation;
    life->token = birth->token;
    life->root_pid = 0;
    life->root_image = life->root_site = life->root_generation = 0;
}

static COLD bool disputed(struct fdt_slot *slot, int fd, const struct call *call, const struct birth *birth, uint64_t flags)
{
    struct table_entry entry = {.name = birth->name, .flags = flags, .call = call};
    compose(&entry.life, call, birth);
    return table_birth(slot, fd, &entry);
}

bool table_born(struct fdt_slot *slot, int fd, const struct call *call, const struct birth *birth, uint64_t flags)
{
    uint64_t word = table_word(slot), state = flags | FDT_LIVE;
    uintptr_t outer = 0;
    raise_to(&store.header->high_water, (uint32_t)fd + 1);
    /* After word was read: whoever settles this slot meanwhile changes it, and the swap below fails. */
    if (UNLIKELY(unrest_since(call)) || UNLIKELY(!take_pen(slot, &outer)))
        return disputed(slot, fd, call, birth, flags);
    uint32_t old_site = slot->life.site;
    turn_page(slot, fd, word, &state);
    compose(&slot->life, call, birth);
    slot->life.name[0] = '\0';
    if (birth->name != NULL && copy_name(slot->life.name, birth->name))
        state |= FDT_NAME_CUT;
    uint64_t seen = word;
    uint64_t next = table_next(word, state, FDT_STATE_FLAGS & ~state) + (UINT64_C(1) << FDT_GENERATION_SHIFT);
    bool done = table_swap(slot, &word, next);
    give_pen(slot, outer);
    if (UNLIKELY(!done))
        return disputed(slot, fd, call, birth, flags);
    if (UNLIKELY(seen & FDT_LIVE)) /* an unseen death made room */
        table_count_death(old_site, seen, 1);
    count_birth(birth->site, state);
    return true;
}

bool table_revive(struct fdt_slot *slot, uint64_t before, uint64_t after)
{
    if (!table_swap(slot, &after, table_next(after, before & FDT_STATE_FLAGS, 0)))
        return false;
    table_count_death(slot->life.site, before, -1);
    return true;
}

void table_stays_dead(struct fdt_slot *slot, uint32_t generation)
{
    uint64_t word = table_word(slot);
    while ((word & FDT_LIVE) && FDT_GENERATION(word) == generation)
        if (table_swap(slot, &word, table_next(word, 0, FDT_LIVE | FDT_TIMED))) {
            table_count_death(slot->life.site, word, 1);
            return;
        }
}

void table_no_longer_inheritable(struct fdt_slot *slot)
{
    struct fdt_site *site = site_of(slot->life.site, table_word(slot));
    if (site != NULL)
        __atomic_fetch_sub(&site->inheritable, 1, __ATOMIC_RELAXED);
}

bool table_occupies(int fd)
{
    struct fdt_slot *slot = table_slot(fd);
    uint64_t word = slot != NULL ? table_word(slot) : FDT_LIVE;
    while (!(word & (FDT_LIVE | FDT_TOMBSTONE)))
        if (table_swap(slot, &word, table_next(word, FDT_TOMBSTONE, 0))) {
            raise_to(&store.header->high_water, (uint32_t)fd + 1);
            return true;
        }
    return false;
}

void table_used(struct fdt_slot *slot)
{
    /* A quarter of what the exact time costs, and exact enough for FDT_USED_NS. */
    struct timespec now = vdso_time(CLOCK_MONOTONIC_COARSE);
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, start = store.header->start_monotonic_ns;
    uint64_t units = ns > start ? (ns - start) / FDT_USED_NS : 0;
    __atomic_store_n(&slot->used, units < UINT32_MAX ? (uint32_t)units + 1 : UINT32_MAX, __ATOMIC_RELAXED);
}

bool table_rename(struct fdt_slot *slot, const char *name)
{
    uint64_t word = table_word(slot);
    uintptr_t outer = 0;
    if ((word & FDT_LIVE) == 0 || !take_pen(slot, &outer))
        return false;
    bool cut = copy_name(slot->life.name, name);
    while ((word & FDT_LIVE) &&
           !table_swap(slot, &word, table_next(word, cut ? FDT_NAME_CUT : 0, cut ? 0 : FDT_NAME_CUT)))
        ;
    give_pen(slot, outer);
    return true;
}

static void adopt(struct fdt_slot *slot, int fd, bool cloexec)
{
    struct table_entry entry;
    unclaimed(&entry, table_kernel_kind(fd), store_now());
    entry.flags |= FDT_CONTESTED | (cloexec ? FDT_CLOEXEC : 0);
    table_birth(slot, fd, &entry);
}

void table_settle(struct fdt_slot *slot, int fd)
{
    /* Each round lost means that another thread has just settled the same slot: the bound is a safety net. */
    for (int round = 0; round < 64; round++) {
        uint64_t word = table_word(slot);
        int answer = raw_getfd(fd);
        bool tombstone = UNLIKELY(quarantine_on) && answer >= 0 && quarantine_is_tombstone(fd);
        bool open = answer >= 0 && !tombstone, cloexec = open && (answer & FD_CLOEXEC);
        if (open && (word & FDT_LIVE) == 0) {
            adopt(slot, fd, cloexec);
            uint64_t now = table_word(slot);
            bool stayed = raw_getfd(fd) >= 0 && !(UNLIKELY(quarantine_on) && quarantine_is_tombstone(fd));
            if (stayed || (now & FDT_LIVE) == 0)
                return;
            continue;
        }
        uint64_t next = open ? table_next(word, FDT_CONTESTED | (cloexec ? FDT_CLOEXEC : 0), cloexec ? 0 : FDT_CLOEXEC)
                             : table_next(word, FDT_CONTESTED | (word & FDT_LIVE ? FDT_UNSEEN_DEATH : 0),
                                          FDT_LIVE | FDT_TIMED) | (tombstone ? FDT_TOMBSTONE : 0);
        if (!table_swap(slot, &word, next))
            continue;
        if (!open && (word & FDT_LIVE))
            table_count_death(slot->life.site, word, 1);
        if (cloexec && !(word & (FDT_CLOEXEC | FDT_FLAG_SET)))
            table_no_longer_inheritable(slot);
        if (tombstone && !(word & FDT_TOMBSTONE))
            quarantine_found(fd, FDT_GENERATION(next));
        ring_write(&(struct event){.type = FDT_EVENT_SETTLED, .call = FDT_NO_CALL, .fd = fd, .other = -1, .value = open,
                                   .generation = FDT_GENERATION(next), .ns = store_now()});
        return;
    }
}
