/* The history of numbers. See history.h. */
#include "history.h"

#define NUMBERS 1024u

struct entry {
    uint32_t stamp;             /* odd while it is being written */
    int32_t  fd;
    struct fdt_past past;
    uint64_t padding;
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
    uint32_t stamp = entry->stamp;
    __atomic_store_n(&entry->stamp, stamp | 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    bool told = slot->death.generation == generation;
    struct fdt_past *past = &entry->past;
    entry->fd = fd;
    past->birth_ns = slot->life.ns;
    past->birth_site = slot->life.site;
    past->birth_tid = slot->life.tid;
    past->birth_call = slot->life.call;
    past->kind = slot->life.kind;
    past->owner = slot->life.owner;
    past->generation = generation;
    past->death_ns = told ? slot->death.ns : 0;
    past->death_site = told ? slot->death.site : FDT_NO_SITE;
    past->death_tid = told ? slot->death.tid : 0;
    past->death_call = told ? slot->death.call : FDT_NO_CALL;
    __atomic_store_n(&entry->stamp, (stamp | 1) + 1, __ATOMIC_RELEASE);
}

bool history_find(int fd, uint32_t generation, struct fdt_past *past)
{
    const struct entry *entry = place(fd, generation);
    uint32_t stamp = __atomic_load_n(&entry->stamp, __ATOMIC_ACQUIRE);
    if (generation == 0 || (stamp & 1) != 0 || entry->fd != fd || entry->past.generation != generation)
        return false;
    *past = entry->past;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&entry->stamp, __ATOMIC_RELAXED) == stamp && past->generation == generation;
}
