/* See picture.h. */
#include "picture.h"

#include "gate.h"
#include "table.h"

#include <string.h>

struct part {
    uint64_t state;            /* 0: nothing was open, or it was just changing */
    uint64_t life[offsetof(struct fdt_life, name) / sizeof(uint64_t)]; /* all but its name */
};
_Static_assert(offsetof(struct fdt_life, name) % sizeof(uint64_t) == 0, "the name follows without a gap");

static struct {
    uint32_t busy;             /* atomic */
    uint64_t fork_ns;          /* whose picture it is; 0: it is being taken */
    bool     threaded;
    struct part parts[PICTURE_MOST];
} picture;

/* A pen that lies down and a state that stays, before and after, vouch for the copy. */
static void copy(struct part *part, const struct fdt_slot *slot)
{
    uint64_t state = table_word(slot);
    if ((state & FDT_LIVE) == 0 || __atomic_load_n(&slot->pen, __ATOMIC_ACQUIRE) != 0)
        return;
    memcpy(part->life, &slot->life, sizeof(part->life));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&slot->pen, __ATOMIC_RELAXED) == 0 && table_word(slot) == state)
        part->state = state;
}

void picture_take(uint64_t fork_ns)
{
    if (store.header == NULL || __atomic_exchange_n(&picture.busy, 1, __ATOMIC_ACQUIRE) != 0)
        return;
    uint32_t end = table_end();
    __atomic_store_n(&picture.fork_ns, 0, __ATOMIC_RELAXED); /* another thread's fork must not take this for its own */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    picture.threaded = gate_threaded();
    for (uint32_t fd = 0; fd < PICTURE_MOST; fd++) {
        struct part *part = &picture.parts[fd];
        if (part->state != 0) /* the pages are shared with earlier children: to write to them costs */
            part->state = 0;
        if (fd < end)
            copy(part, table_at(fd));
    }
    __atomic_store_n(&picture.fork_ns, fork_ns, __ATOMIC_RELEASE);
    __atomic_store_n(&picture.busy, 0, __ATOMIC_RELEASE);
}

bool picture_find(int fd, uint64_t fork_ns, const struct fdt_slot *slot, struct fdt_life *life, uint64_t *state)
{
    if (fd < 0 || fd >= PICTURE_MOST || fork_ns == 0 || picture.fork_ns != fork_ns)
        return false;
    const struct part *part = &picture.parts[fd];
    /* Another thread may have ended it between the picture and the fork. The slot tells when its latest but one ended. */
    bool lived_on = slot->death.generation == FDT_GENERATION(part->state) && slot->death.ns >= fork_ns;
    if (part->state == 0 || (picture.threaded && !lived_on))
        return false;
    memcpy(life, part->life, sizeof(part->life));
    life->name[0] = '\0';
    *state = part->state & ~(uint64_t)FDT_NAME_CUT;
    return true;
}

void picture_forked(void)
{
    picture.busy = 0;
}
