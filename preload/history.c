/* The history of numbers. See history.h. */
#include "history.h"

#include <string.h>

#define NUMBERS 1024u

/* What a slot tells of its latest death and, right behind it, of the lifetime: the first 48 bytes of both together. */
struct ended {
    struct fdt_death death;
    uint64_t life[3];
};
_Static_assert(offsetof(struct fdt_slot, life) == offsetof(struct fdt_slot, death) + sizeof(struct fdt_death) &&
               offsetof(struct fdt_life, owner) < sizeof(uint64_t[3]), "a birth on a used number copies it in one piece");

struct entry {
    uint32_t stamp;             /* odd while it is being written */
    int32_t  fd;
    uint32_t generation;
    struct ended ended;
} __attribute__((aligned(64)));

/* Pages nobody writes to take no memory. */
static struct entry entries[NUMBERS * HISTORY_LENGTH];

static struct entry *place(int fd, uint32_t generation)
{
    return &entries[((uint32_t)fd & (NUMBERS - 1)) * HISTORY_LENGTH + (generation & (HISTORY_LENGTH - 1))];
}

void history_push(int fd, const struct fdt_slot *slot, uint32_t generation)
{
    struct entry *entry = place(fd, generation);
    uint32_t stamp = entry->stamp | 1;
    __atomic_store_n(&entry->stamp, stamp, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    entry->fd = fd;
    entry->generation = generation;
    memcpy(&entry->ended, &slot->death, sizeof(entry->ended));
    __atomic_store_n(&entry->stamp, stamp + 1, __ATOMIC_RELEASE);
}

bool history_find(int fd, uint32_t generation, struct fdt_past *past)
{
    const struct entry *entry = place(fd, generation);
    uint32_t stamp = __atomic_load_n(&entry->stamp, __ATOMIC_ACQUIRE);
    if (generation == 0 || (stamp & 1) != 0 || entry->fd != fd || entry->generation != generation)
        return false;
    struct ended ended = entry->ended;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&entry->stamp, __ATOMIC_RELAXED) != stamp)
        return false;
    struct fdt_life life;
    memcpy(&life, ended.life, sizeof(ended.life));
    *past = (struct fdt_past){.birth_ns = life.ns, .birth_site = life.site, .birth_tid = life.tid, .birth_call = life.call,
                              .kind = life.kind, .owner = life.owner, .generation = generation,
                              .death_site = FDT_NO_SITE, .death_call = FDT_NO_CALL};
    if (ended.death.generation == generation) { /* else nobody saw it end */
        past->death_ns = ended.death.ns;
        past->death_site = ended.death.site;
        past->death_tid = ended.death.tid;
        past->death_call = ended.death.call;
    }
    return true;
}
