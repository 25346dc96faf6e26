/*
 * The table: one slot per descriptor number, and the transitions of its state word.
 *
 * Invariants, checked by table_check in debug builds:
 *   a LIVE slot has a generation > 0;
 *   header.open_now = number of LIVE slots, once no call is in flight;
 *   a slot's word changes only here, always by compare-and-swap, always with a new version.
 */
#ifndef FDTRACE_TABLE_H
#define FDTRACE_TABLE_H

#include "record.h"
#include "store.h"

#include <string.h>

/* The slot of fd, with memory behind it; NULL when fd is negative, beyond the table, or memory has run out. */
static inline struct fdt_slot *table_slot(int fd)
{
    return fd >= 0 && (LIKELY(store_has_slot(&store, (uint32_t)fd)) || store_secure_slot((uint32_t)fd)) ? &store.table[fd]
                                                                                                       : NULL;
}
/* The same, but never grows: for questions about numbers that were perhaps never recorded. */
static inline struct fdt_slot *table_peek(int fd)
{
    return fd >= 0 && store_has_slot(&store, (uint32_t)fd) ? &store.table[fd] : NULL;
}
/* For walks up to table_end: an empty slot stands for those without memory. */
extern struct fdt_slot table_empty;
static inline struct fdt_slot *table_at(uint32_t fd)
{
    return store_has_slot(&store, fd) ? &store.table[fd] : &table_empty;
}

static inline uint64_t table_word(const struct fdt_slot *slot)
{
    return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
}

/* The latest generation of fd; 0 for a number never recorded. */
static inline uint32_t table_generation(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    return slot != NULL ? FDT_GENERATION(table_word(slot)) : 0;
}

/* word with these flags set and cleared, and the next version. */
static inline uint64_t table_next(uint64_t word, uint64_t set, uint64_t clear)
{
    uint64_t version = (word >> FDT_VERSION_SHIFT & 0xffff) + 1;
    return (word & ~(UINT64_C(0xffff) << FDT_VERSION_SHIFT) & ~clear) | set | (version & 0xffff) << FDT_VERSION_SHIFT;
}
static inline bool table_swap(struct fdt_slot *slot, uint64_t *word, uint64_t next)
{
    return __atomic_compare_exchange_n(&slot->state, word, next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Everything that is written at a birth but the word's own transition. */
struct table_entry {
    const char        *name;     /* NULL or "" none */
    uint64_t           flags;    /* FDT_CLOEXEC, FDT_INHERITED, ... */
    const struct call *call;     /* whose unrest makes this birth doubtful; NULL: nobody can have interfered */
    struct fdt_life    life;     /* its own name is not used */
};
/* An empty one. The name is left alone: clearing it would cost more than the rest of a birth. */
static inline void table_entry_begin(struct table_entry *entry)
{
    memset(entry, 0, offsetof(struct table_entry, life.name));
    entry->life.from = -1;
}
/* Publishes a birth on fd. False when a doubtful one turned out to be dead on arrival, or another's. */
bool table_birth(struct fdt_slot *slot, int fd, const struct table_entry *entry);

/*
 * The same for a descriptor a call has just been given: the entry is made only when somebody may have interfered, otherwise
 * the slot is filled in where it stands. flags as in an entry.
 */
bool table_born(struct fdt_slot *slot, int fd, const struct call *call, const struct birth *birth, uint64_t flags);

/* The counters that follow a slot's word. direction -1 takes a death back. */
void table_count_death(uint32_t site, uint64_t flags, int direction);

/* Takes a LIVE slot's lifetime to its death; false when it was not LIVE (*word tells). *word becomes what it was. */
static inline bool table_death(struct fdt_slot *slot, uint64_t *word, const struct fdt_death *death, uint64_t *after)
{
    uint64_t seen = table_word(slot), next;
    do {
        *word = seen;
        if ((seen & FDT_LIVE) == 0)
            return false;
        next = table_next(seen, 0, FDT_LIVE | FDT_TIMED);
    } while (!table_swap(slot, &seen, next));
    *after = next;
    /* Still open in the kernel, so nobody else can be given this number yet: these plain stores have no rival. */
    slot->death.ns = death->ns;
    slot->death.site = death->site;
    slot->death.tid = death->tid;
    slot->death.generation = FDT_GENERATION(next);
    slot->death.call = death->call;
    slot->death.error = death->error;
    table_count_death(slot->life.site, next, 1);
    return true;
}
/* Undoes a death that did not happen, if nothing else happened to the slot. */
bool table_revive(struct fdt_slot *slot, uint64_t before, uint64_t after);
/* That lifetime has ended after all, whoever revived it meanwhile. */
void table_stays_dead(struct fdt_slot *slot, uint32_t generation);

/* The lifetime was born without close-on-exec and has it now: its site is not to blame for it any more. */
void table_no_longer_inheritable(struct fdt_slot *slot);
/* Gives a live lifetime a (new) name. False when it is not live, or somebody else is writing. */
bool table_rename(struct fdt_slot *slot, const char *name);

/* A free number is taken for our own use (quarantine.h). False: the table has no memory for it, or it is being taken already. */
bool table_occupies(int fd);

/* A timed lifetime is being used now (segment.h, slot.used). */
void table_used(struct fdt_slot *slot);

/* Asks the kernel about fd and makes the slot agree with the answer. After races only: one or two system calls. */
void table_settle(struct fdt_slot *slot, int fd);

/* Numbers that were ever recorded end here. */
uint32_t table_end(void);

/* What fstat and, for anonymous inodes, the link in /proc/self/fd say. FDT_KIND_COUNT when it cannot be told. */
enum fdt_kind table_kernel_kind(int fd);
/* May a lifetime recorded as `recorded` be what the kernel calls `actual`? */
bool table_kind_agrees(enum fdt_kind recorded, enum fdt_kind actual);

#endif
