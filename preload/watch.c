/* Registrations and their ghosts. See watch.h. */
#include "watch.h"

#include "filter.h"
#include "gate.h"
#include "misuse.h"
#include "raw.h"
#include "sites.h"
#include "table.h"

#include <linux/kcmp.h>
#include <sys/epoll.h>

enum {
    NUMBERS = 512,
    WAYS = 2,
    SUSPECTS = 8,
    LOOKED_AT = 4096, /* numbers, for the duplicate of a suspect */
    ASKED_MOST = 64   /* questions to the kernel about one suspect */
};

/*
 * Whoever closes a number and its duplicate, one after the other, leaves a ghost for an instant, in which another thread may
 * begin to wait. So a suspect is judged by the thread that closed it, which had its chance, or when it is that old.
 */
#define RIPE_NS UINT64_C(5000000000)

bool watch_on;
uint32_t watch_suspects;

/* Which image wrote something: a forked child's copy of this memory tells of its parent. */
static uint64_t this_image(void)
{
    return store.header->start_monotonic_ns;
}

static struct place {
    uint32_t pen;
    struct { uint64_t image; struct watch watch; } ways[WAYS];
} places[NUMBERS];

static struct suspect {
    uint64_t image;          /* 0: none */
    struct ghost ghost;
} suspects[SUSPECTS];
static uint32_t suspects_pen;

uint64_t watch_marks[WATCH_MARKS];

static bool take(uint32_t *pen)
{
    uint32_t nobody = 0;
    return __atomic_compare_exchange_n(pen, &nobody, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void give(uint32_t *pen)
{
    __atomic_store_n(pen, 0, __ATOMIC_RELEASE);
}

static struct place *place_of(int fd)
{
    return &places[(uint32_t)fd % NUMBERS];
}

static bool is_live(int fd, uint32_t generation)
{
    const struct fdt_slot *slot = table_peek(fd);
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    return (word & FDT_LIVE) && FDT_GENERATION(word) == generation;
}

bool watch_is_shared(int fd, uint32_t generation)
{
    return __atomic_load_n(&watch_marks[(uint32_t)fd % WATCH_MARKS], __ATOMIC_RELAXED) ==
           ((uint64_t)generation << 32 | (uint32_t)fd);
}

static void forget(struct place *place, const struct watch *watch)
{
    for (unsigned way = 0; way < WAYS; way++)
        if (place->ways[way].watch.fd == watch->fd && place->ways[way].watch.epoll == watch->epoll)
            place->ways[way].image = 0;
}

static void remember(struct place *place, const struct watch *watch)
{
    unsigned free = 0;
    while (free < WAYS && place->ways[free].image == this_image() &&
           is_live(place->ways[free].watch.fd, place->ways[free].watch.generation))
        free++;
    if (free == WAYS) {
        memmove(&place->ways[0], &place->ways[1], (WAYS - 1) * sizeof(place->ways[0]));
        free = WAYS - 1;
    }
    place->ways[free].watch = *watch;
    place->ways[free].image = this_image();
}

void watch_changed(const struct call *call, int epoll, uint64_t epoll_word, int operation, int fd, uint64_t word)
{
    int saved = errno;
    if (operation != EPOLL_CTL_MOD && (word & FDT_LIVE) && (epoll_word & FDT_LIVE) && gate_enter()) {
        struct watch watch = {.fd = fd, .generation = FDT_GENERATION(word), .epoll = epoll,
                              .epoll_generation = FDT_GENERATION(epoll_word), .call = call->id};
        struct place *place = place_of(fd);
        if (operation == EPOLL_CTL_ADD) {
            watch.site = stack_site(call);
            watch.ns = store_now();
            watch.tid = thread_self.tid;
            __atomic_store_n(&watch_on, true, __ATOMIC_RELAXED);
        }
        if (take(&place->pen)) {
            forget(place, &watch);
            if (operation == EPOLL_CTL_ADD)
                remember(place, &watch);
            give(&place->pen);
        }
    }
    errno = saved;
}

static bool is_suspect(const struct suspect *entry)
{
    return entry->image == this_image() && is_live(entry->ghost.watch.epoll, entry->ghost.watch.epoll_generation);
}

static bool is_old(const struct suspect *entry)
{
    return store_now() - entry->ghost.death.ns >= RIPE_NS;
}

/* A new one takes the place of one that had its time. When there is none it is let go: otherwise none would ripen. */
static struct suspect *place_for_suspect(void)
{
    for (unsigned i = 0; i < SUSPECTS; i++)
        if (!is_suspect(&suspects[i]))
            return &suspects[i];
    for (unsigned i = 0; i < SUSPECTS; i++)
        if (is_old(&suspects[i]))
            return &suspects[i];
    return NULL;
}

static void suspect(const struct watch *watch, const struct fdt_slot *slot)
{
    if (!take(&suspects_pen))
        return;
    struct suspect *entry = place_for_suspect();
    if (entry != NULL) {
        entry->image = this_image();
        entry->ghost.watch = *watch;
        entry->ghost.state = table_word(slot);
        entry->ghost.death = slot->death;
        entry->ghost.life = slot->life;
        __atomic_store_n(&watch_suspects, 1, __ATOMIC_RELAXED);
    }
    give(&suspects_pen);
}

void watch_leaves(int fd, const struct fdt_slot *slot)
{
    uint32_t generation = FDT_GENERATION(table_word(slot));
    struct place *place = place_of(fd);
    if (!watch_is_shared(fd, generation) || !take(&place->pen))
        return;
    for (unsigned way = 0; way < WAYS; way++) {
        const struct watch *watch = &place->ways[way].watch;
        if (place->ways[way].image == this_image() && watch->fd == fd && watch->generation == generation &&
            is_live(watch->epoll, watch->epoll_generation))
            suspect(watch, slot);
    }
    give(&place->pen);
}

static bool kernel_watches(const struct watch *watch, int fd)
{
    struct kcmp_epoll_slot slot = {.efd = (uint32_t)watch->epoll, .tfd = (uint32_t)watch->fd};
    const long self = raw(getpid);
    for (slot.toff = 0; slot.toff < SUSPECTS; slot.toff++) {
        long order = raw(kcmp, self, self, KCMP_EPOLL_TFD, fd, &slot);
        if (order <= 0) /* the same; or there are no more, or the kernel does not say */
            return order == 0;
    }
    return false;
}

/* The number was given back to what it named (dup2 of a copy), and can be named again. */
static bool is_back(const struct watch *watch, int copy)
{
    const struct fdt_slot *slot = table_peek(watch->fd);
    const long self = raw(getpid);
    return slot != NULL && (table_word(slot) & FDT_LIVE) && raw(kcmp, self, self, KCMP_FILE, watch->fd, copy) == 0;
}

static void judge(const struct call *call, const struct ghost *ghost)
{
    const struct watch *watch = &ghost->watch;
    if (is_live(watch->fd, watch->generation) || !is_live(watch->epoll, watch->epoll_generation))
        return; /* the close failed; the instance is another one */
    unsigned asked = 0;
    for (uint32_t fd = 0; fd < table_end() && fd < LOOKED_AT && asked < ASKED_MOST; fd++) {
        const struct fdt_slot *slot = table_at(fd);
        uint64_t word = table_word(slot);
        if (!(word & FDT_LIVE) || (word & FDT_CONTESTED) || (int)fd == watch->fd ||
            !watch_is_shared((int)fd, FDT_GENERATION(word)))
            continue;
        asked++;
        if (kernel_watches(watch, (int)fd)) {
            if (!is_back(watch, (int)fd))
                misuse_ghost(call, ghost, (int)fd);
            return;
        }
    }
}

/* Takes one suspect of this instance, which may be judged now, out of the list. */
static bool next_suspect(int epoll, struct ghost *ghost)
{
    bool found = false;
    uint32_t left = 0;
    if (!take(&suspects_pen))
        return false;
    for (unsigned i = 0; i < SUSPECTS; i++) {
        struct suspect *entry = &suspects[i];
        if (!is_suspect(entry))
            entry->image = 0;
        if (entry->image != 0 && !found && entry->ghost.watch.epoll == epoll &&
            (entry->ghost.death.tid == thread_self.tid || is_old(entry))) {
            *ghost = entry->ghost;
            entry->image = 0;
            found = true;
        }
        left += entry->image != 0;
    }
    __atomic_store_n(&watch_suspects, left, __ATOMIC_RELAXED);
    give(&suspects_pen);
    return found;
}

void watch_waits(const struct call *call, int epoll)
{
    struct ghost ghost;
    int saved = errno;
    if (gate_enter() && !filter_known())
        for (unsigned i = 0; i < SUSPECTS && next_suspect(epoll, &ghost); i++)
            judge(call, &ghost);
    errno = saved;
}
