/* Keeping incidents. See incident.h. */
#include "incident.h"

#include "gate.h"
#include "names.h"
#include "ring.h"
#include "sites.h"
#include "table.h"
#include "thread.h"

#include <string.h>

void incident_evidence(struct evidence *evidence, int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    memset(evidence, 0, sizeof(*evidence));
    evidence->fd = fd;
    if (slot == NULL)
        return;
    evidence->state = table_word(slot);
    evidence->death = slot->death;
    evidence->life = slot->life;
}

/* Equal incidents: same type, birth site, death site and offending site; these four make a finding's group. */
static bool is_same(const struct fdt_incident *entry, enum fdt_incident_type type, uint32_t site,
                          const struct evidence *evidence, int error)
{
    return __atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) == 1 && entry->type == type && entry->site == site &&
           entry->error == error && entry->life.site == evidence->life.site &&
           entry->death.site == evidence->death.site &&
           (type != FDT_INCIDENT_HIDDEN || strcmp(entry->life.name, evidence->life.name) == 0) &&
           (type != FDT_INCIDENT_FLAG_AGAIN || entry->before.birth_site == evidence->before.birth_site);
}

/* A loop that goes wrong comes here each time round, so equal ones are found by hash. */
static uint32_t *chain_of(enum fdt_incident_type type, uint32_t site, const struct evidence *evidence)
{
    uint32_t hash = ((type * 31u + site) * 31u + evidence->life.site) * 31u + evidence->death.site;
    return &guard->incidents[hash % (sizeof(guard->incidents) / sizeof(guard->incidents[0]))];
}

uint32_t incident_find(enum fdt_incident_type type, uint32_t site, const struct evidence *evidence, int error)
{
    uint32_t at = __atomic_load_n(chain_of(type, site, evidence), __ATOMIC_ACQUIRE);
    for (; at != 0; at = store.incidents[at - 1].next)
        if (is_same(&store.incidents[at - 1], type, site, evidence, error))
            return at - 1;
    return UINT32_MAX;
}

bool incident_about(enum fdt_incident_type type, int error, const struct evidence *evidence)
{
    uint32_t count = __atomic_load_n(&store.header->incidents, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_INCIDENTS], __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < have; i++) {
        const struct fdt_incident *entry = &store.incidents[i];
        if (__atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) == 1 && entry->type == type && entry->error == error &&
            entry->life.site == evidence->life.site && entry->death.site == evidence->death.site)
            return true;
    }
    return false;
}

/* Two threads may add the same one at once: a reader, who adds up what is equal, does not mind. */
static void enchain(uint32_t *head, uint32_t index)
{
    uint32_t first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    do
        store.incidents[index].next = first;
    while (!__atomic_compare_exchange_n(head, &first, index + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

struct offence incident_offence(const struct call *call)
{
    return (struct offence){.call = call->id, .site = stack_site(call), .tid = thread_self.tid, .ns = store_now()};
}

uint32_t incident_new(enum fdt_incident_type type, const struct offence *offence, int error,
                             const struct evidence *evidence)
{
    uint32_t index = store_take(FDT_PART_INCIDENTS, &store.header->incidents, 1);
    if (index == UINT32_MAX) {
        __atomic_fetch_add(&store.header->lost.incidents, 1, __ATOMIC_RELAXED);
        return index;
    }
    struct fdt_incident *entry = &store.incidents[index];
    entry->type = (uint16_t)type;
    entry->call = offence->call;
    entry->fd = evidence->fd;
    entry->ns = entry->last_ns = offence->ns;
    entry->site = offence->site;
    entry->tid = offence->tid;
    entry->error = error;
    entry->state = evidence->state;
    entry->generation = FDT_GENERATION(evidence->state);
    entry->death = evidence->death;
    entry->life = evidence->life;
    entry->before = evidence->before;
    entry->limit = evidence->limit;
    entry->open = evidence->open;
    entry->count = evidence->count > 0 ? evidence->count : 1;
    __atomic_store_n(&entry->commit, 1, __ATOMIC_RELEASE);
    enchain(chain_of(type, offence->site, evidence), index);
    names_refresh();
    return index;
}

uint32_t incident_keep_at(enum fdt_incident_type type, const struct call *call, const struct evidence *evidence, int error,
                        const struct offence *offence)
{
    struct offence now = incident_offence(call);
    uint32_t index = incident_find(type, offence->site, evidence, error);
    if (index == UINT32_MAX) {
        index = incident_new(type, offence, error, evidence);
    } else {
        store.incidents[index].last_ns = now.ns;
        __atomic_fetch_add(&store.incidents[index].count, 1, __ATOMIC_RELAXED);
    }
    ring_write(&(struct event){.type = FDT_EVENT_INCIDENT, .call = now.call, .site = now.site, .fd = evidence->fd,
                               .other = (int32_t)type, .ns = now.ns, .generation = FDT_GENERATION(evidence->state),
                               .value = index == UINT32_MAX ? -1 : (int64_t)index});
    return index;
}

uint32_t incident_keep(enum fdt_incident_type type, const struct call *call, const struct evidence *evidence, int error)
{
    struct offence offence = incident_offence(call);
    return incident_keep_at(type, call, evidence, error, &offence);
}
