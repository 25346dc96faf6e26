/* What is told of close-on-exec: set too late, or set again beside one that never got it. See misuse.h. */
#include "misuse.h"

#include "gate.h"
#include "incident.h"
#include "process.h"
#include "sibling.h"
#include "sites.h"
#include "table.h"
#include "thread.h"

/* The latest fork, spawn or vfork: ns is 0 while the rest is being written, and the same before and after a good read. */
static struct fdt_death latest_fork;

void misuse_forked(const struct call *call, uint32_t site, uint64_t ns)
{
    __atomic_store_n(&latest_fork.ns, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    latest_fork.site = site;
    latest_fork.tid = thread_self.tid;
    latest_fork.call = call->id;
    __atomic_store_n(&latest_fork.ns, ns, __ATOMIC_RELEASE);
}

static bool forked_since(uint64_t birth_ns, struct fdt_death *fork)
{
    uint64_t ns = __atomic_load_n(&latest_fork.ns, __ATOMIC_ACQUIRE);
    *fork = latest_fork;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    fork->ns = ns;
    return ns > birth_ns && __atomic_load_n(&latest_fork.ns, __ATOMIC_RELAXED) == ns && fork->tid != thread_self.tid;
}

enum { LATE_ALONE, LATE_AMONG_THREADS, LATE_AND_FORKED }; /* the error of a LATE_CLOEXEC */

/* libc does not say that all other threads have ended, the kernel does; it is asked until a place is known to be unsafe. */
static bool among_threads(const struct call *call, const struct evidence *evidence)
{
    return gate_threaded() && (incident_find(FDT_INCIDENT_LATE_CLOEXEC, stack_site(call), evidence, LATE_AMONG_THREADS) !=
                                   UINT32_MAX || process_threads_share());
}

void misuse_flagged_late(const struct call *call, int fd)
{
    struct evidence evidence;
    struct fdt_death fork;
    incident_evidence(&evidence, fd);
    bool hit = gate_threaded() && forked_since(evidence.life.ns, &fork);
    evidence.death = hit ? fork : (struct fdt_death){0};
    incident_keep(FDT_INCIDENT_LATE_CLOEXEC, call, &evidence,
                  hit ? LATE_AND_FORKED : among_threads(call, &evidence) ? LATE_AMONG_THREADS : LATE_ALONE);
}

static uint32_t again_kept; /* FLAG_AGAIN incidents of this process; atomic */

void misuse_flagged_again(const struct call *call, int fd)
{
    enum { AGAIN_MOST = 64 };
    int sibling = sibling_inheritable(fd);
    const struct fdt_slot *slot = table_peek(sibling);
    if (slot == NULL)
        return;
    struct evidence evidence;
    struct offence offence = incident_offence(call);
    incident_evidence(&evidence, fd);
    evidence.open = (uint32_t)sibling;
    evidence.before = (struct fdt_past){
        .birth_ns = slot->life.ns, .birth_site = slot->life.site, .birth_tid = slot->life.tid,
        .birth_call = slot->life.call, .death_call = FDT_NO_CALL, .generation = FDT_GENERATION(table_word(slot)),
        .kind = slot->life.kind, .owner = slot->life.owner};
    uint32_t index = incident_find(FDT_INCIDENT_FLAG_AGAIN, offence.site, &evidence, 0);
    if (index == UINT32_MAX) {
        if (__atomic_fetch_add(&again_kept, 1, __ATOMIC_ACQ_REL) < AGAIN_MOST)
            incident_new(FDT_INCIDENT_FLAG_AGAIN, &offence, 0, &evidence);
        return;
    }
    struct fdt_incident *entry = &store.incidents[index];
    entry->open = evidence.open; /* misuse_flagged wants the latest sibling */
    entry->before.generation = evidence.before.generation;
    entry->last_ns = offence.ns;
    __atomic_fetch_add(&entry->count, 1, __ATOMIC_RELAXED);
}

void misuse_flagged(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    if (LIKELY(__atomic_load_n(&again_kept, __ATOMIC_ACQUIRE) == 0) || slot == NULL)
        return;
    uint32_t count = __atomic_load_n(&store.header->incidents, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_INCIDENTS], __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < have; i++) {
        struct fdt_incident *entry = &store.incidents[i];
        if (__atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) == 1 && entry->type == FDT_INCIDENT_FLAG_AGAIN &&
            entry->open == (uint32_t)fd && entry->before.generation == FDT_GENERATION(table_word(slot)) &&
            __atomic_load_n(&entry->count, __ATOMIC_RELAXED) > 0)
            __atomic_fetch_sub(&entry->count, 1, __ATOMIC_RELAXED);
    }
}
