/* See changes.h. The list is short and searched from end to end. */
#include "changes.h"

#include "table.h"

void changes_begin(struct changes *changes, struct change *list, uint32_t room)
{
    *changes = (struct changes){.list = list, .room = room, .closed_from = UINT32_MAX};
}

const struct change *changes_find(const struct changes *changes, int fd)
{
    for (uint32_t i = 0; i < changes->count; i++)
        if (changes->list[i].fd == fd)
            return &changes->list[i];
    return NULL;
}

/* What the child has on fd now. */
static struct change look(const struct changes *changes, int fd)
{
    const struct change *listed = changes_find(changes, fd);
    if (listed != NULL)
        return *listed;
    const struct fdt_slot *slot = fd >= 0 && (uint32_t)fd < changes->closed_from ? table_peek(fd) : NULL;
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    return (struct change){.fd = fd, .from = fd, .generation = FDT_GENERATION(word), .open = (word & FDT_LIVE) != 0,
                           .cloexec = (word & FDT_CLOEXEC) != 0};
}

static void put(struct changes *changes, struct change change)
{
    struct change *listed = (struct change *)changes_find(changes, change.fd);
    if (listed != NULL)
        *listed = change;
    else if (changes->count < changes->room)
        changes->list[changes->count++] = change;
    else
        changes->blind = true;
}

void changes_close(struct changes *changes, int fd)
{
    if (look(changes, fd).open)
        put(changes, (struct change){.fd = fd, .from = -1});
}

static uint32_t last_known(unsigned last)
{
    uint32_t end = table_end();
    return last < end ? last + 1 : end;
}

void changes_close_range(struct changes *changes, unsigned first, unsigned last)
{
    if (last >= table_end()) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < changes->count; i++)
            if ((uint32_t)changes->list[i].fd < first || (uint32_t)changes->list[i].fd > last)
                changes->list[kept++] = changes->list[i];
        changes->count = kept;
        changes->closed_from = first < changes->closed_from ? first : changes->closed_from;
        return;
    }
    for (uint32_t fd = first; fd < last_known(last); fd++)
        changes_close(changes, (int)fd);
    for (uint32_t i = 0; i < changes->count; i++)
        if ((uint32_t)changes->list[i].fd >= first && (uint32_t)changes->list[i].fd <= last)
            changes->list[i].open = false;
}

void changes_copy(struct changes *changes, int from, int to, bool cloexec)
{
    struct change copy = look(changes, from);
    if (!copy.open)
        copy = (struct change){.from = -1, .open = true}; /* nobody saw it being born */
    copy.fd = to;
    copy.cloexec = cloexec;
    copy.meant = true;
    put(changes, copy);
}

void changes_open(struct changes *changes, int fd, bool cloexec, bool meant)
{
    put(changes, (struct change){.fd = fd, .from = -1, .open = true, .cloexec = cloexec, .meant = meant});
}

void changes_flag(struct changes *changes, int fd, bool cloexec)
{
    struct change change = look(changes, fd);
    if (!change.open || (change.cloexec == cloexec && cloexec))
        return;
    change.cloexec = cloexec;
    change.meant = !cloexec;
    put(changes, change);
}

void changes_flag_range(struct changes *changes, unsigned first, unsigned last)
{
    for (uint32_t fd = first; fd < last_known(last); fd++)
        changes_flag(changes, (int)fd, true);
    for (uint32_t i = 0; i < changes->count; i++)
        if ((uint32_t)changes->list[i].fd >= first && (uint32_t)changes->list[i].fd <= last)
            changes->list[i].cloexec = true;
}
