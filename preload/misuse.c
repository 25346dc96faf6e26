/* Keeping incidents. See misuse.h. */
#include "misuse.h"

#include "ring.h"
#include "sites.h"
#include "table.h"
#include "thread.h"

#include <string.h>

/* Equal incidents: same type, birth site, death site and offending site; these four make a finding's group. */
static bool same_incident(const struct fdt_incident *entry, enum fdt_incident_type type, uint32_t site,
                          const struct fdt_slot *slot, int error)
{
    return __atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) == 1 && entry->type == type && entry->site == site &&
           entry->error == error &&
           (slot == NULL || (entry->life.site == slot->life.site && entry->death.site == slot->death.site));
}

static uint32_t find_incident(enum fdt_incident_type type, uint32_t site, const struct fdt_slot *slot, int error)
{
    uint32_t count = __atomic_load_n(&store.header->incidents, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_INCIDENTS], __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < have; i++)
        if (same_incident(&store.incidents[i], type, site, slot, error))
            return i;
    return UINT32_MAX;
}

static uint32_t new_incident(enum fdt_incident_type type, const struct call *call, uint32_t site, int fd, int error,
                             uint64_t now, const struct fdt_slot *slot)
{
    uint32_t index = store_take(FDT_PART_INCIDENTS, &store.header->incidents, 1);
    if (index == UINT32_MAX) {
        __atomic_fetch_add(&store.header->lost.incidents, 1, __ATOMIC_RELAXED);
        return index;
    }
    struct fdt_incident *entry = &store.incidents[index];
    entry->type = (uint16_t)type;
    entry->call = call->id;
    entry->fd = fd;
    entry->ns = entry->last_ns = now;
    entry->site = site;
    entry->tid = thread_self.tid;
    entry->error = error;
    if (slot != NULL) {
        entry->state = table_word(slot);
        entry->generation = FDT_GENERATION(entry->state);
        entry->death = slot->death;
        entry->life = slot->life;
    }
    entry->count = 1;
    __atomic_store_n(&entry->commit, 1, __ATOMIC_RELEASE);
    return index;
}

static uint32_t keep(enum fdt_incident_type type, const struct call *call, int fd, int error)
{
    const struct fdt_slot *slot = table_peek(fd);
    uint32_t site = stack_site(call);
    uint64_t now = store_now();
    uint32_t index = find_incident(type, site, slot, error);
    if (index == UINT32_MAX) {
        index = new_incident(type, call, site, fd, error, now, slot);
    } else {
        store.incidents[index].last_ns = now;
        __atomic_fetch_add(&store.incidents[index].count, 1, __ATOMIC_RELAXED);
    }
    ring_write(&(struct event){.type = FDT_EVENT_MISUSE, .call = call->id, .site = site, .fd = fd, .other = -1, .ns = now,
                               .generation = slot != NULL ? FDT_GENERATION(table_word(slot)) : 0,
                               .value = index == UINT32_MAX ? -1 : (int64_t)index});
    return index;
}

void misuse_record(enum fdt_incident_type type, const struct call *call, int fd, int error)
{
    keep(type, call, fd, error);
}

static bool belongs_on_standard_numbers(const struct call *call, enum fdt_owner owner, const char *name)
{
    return owner == FDT_OWNER_PTY || (name != NULL && strncmp(name, "/dev/", 5) == 0) ||
           strcmp(__start_fdt_hooks[call->id].call, "freopen") == 0;
}

void misuse_landed(const struct call *call, int fd, enum fdt_owner owner, const char *name)
{
    if (!belongs_on_standard_numbers(call, owner, name))
        keep(FDT_INCIDENT_STDIO_SLOT, call, fd, 0);
}

void misuse_moved(int fd)
{
    uint32_t count = __atomic_load_n(&store.header->incidents, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_INCIDENTS], __ATOMIC_ACQUIRE);
    const struct fdt_slot *slot = table_peek(fd);
    for (uint32_t i = 0; slot != NULL && i < count && i < have; i++) {
        struct fdt_incident *entry = &store.incidents[i];
        if (__atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) == 1 && entry->type == FDT_INCIDENT_STDIO_SLOT &&
            entry->site == slot->life.site && entry->fd == fd && entry->count > 0)
            __atomic_fetch_sub(&entry->count, 1, __ATOMIC_RELAXED);
    }
}

static void take_back(struct thread *self)
{
    for (unsigned i = 0; i < self->run_incidents; i++)
        __atomic_fetch_sub(&store.incidents[self->run_incident[i]].count, 1, __ATOMIC_RELAXED);
    self->run_incidents = 0;
    self->run_sweeps = true;
}

static bool goes_on(const struct thread *self, const struct call *call, int fd)
{
    return self->run_pc == call->pc && (fd == self->run_fd + 1 || fd == self->run_fd - 1);
}

void misuse_closed(const struct call *call, int fd)
{
    if (UNLIKELY(goes_on(&thread_self, call, fd)))
        thread_self.run_fd = fd;
}

void misuse_failed_close(const struct call *call, int fd, bool has_past)
{
    struct thread *self = &thread_self;
    const unsigned room = sizeof(self->run_incident) / sizeof(self->run_incident[0]);
    if (!goes_on(self, call, fd)) {
        self->run_incidents = 0;
        self->run_sweeps = false;
        self->run_pc = call->pc;
    }
    self->run_fd = fd;
    if (!has_past || self->run_incidents == room)
        take_back(self);
    if (self->run_sweeps)
        return;
    uint32_t index = keep(FDT_INCIDENT_DOUBLE_CLOSE, call, fd, EBADF);
    if (index != UINT32_MAX)
        self->run_incident[self->run_incidents++] = (uint16_t)index;
}
