/*
 * Storing stacks once. The hash index lives in the guard page (gate.h): it needs no reader, and a forked child, whose
 * segment has no sites yet, finds it empty.
 */
#include "sites.h"

#include "gate.h"
#include "modules.h"
#include "store.h"
#include "thread.h"

#include <string.h>

static uint64_t hash_stack(uint16_t call, uint32_t flags, uint32_t epoch, const uintptr_t *frames, unsigned depth)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ call ^ ((uint64_t)epoch << 16) ^ ((uint64_t)flags << 48);
    for (unsigned i = 0; i < depth; i++) {
        hash = (hash ^ frames[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash | 1; /* 0 means "not published" */
}

/* No memcmp: ThreadSanitizer wraps that, and would tell the program of a race, not seeing the hash we wait for. */
static bool same_frames(const uint64_t *stored, const uintptr_t *frames, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        if (stored[i] != frames[i])
            return false;
    return true;
}

static bool same_stack(const struct fdt_site *site, uint64_t hash, uint16_t call, const uintptr_t *frames, unsigned depth)
{
    return __atomic_load_n(&site->hash, __ATOMIC_ACQUIRE) == hash && site->call == call && site->depth == depth &&
           site->frames + depth <= store.count[FDT_PART_FRAMES] &&
           same_frames(&store.frames[site->frames], frames, depth);
}

/* Writes a new, published site that no index entry names yet; FDT_NO_SITE when there is no room. */
static uint32_t store_site(uint64_t hash, uint16_t call, uint32_t flags, const uintptr_t *frames, unsigned depth)
{
    uint32_t id = store_take(FDT_PART_SITES, &store.header->sites, 1);
    uint32_t at = id == UINT32_MAX ? UINT32_MAX : store_take(FDT_PART_FRAMES, &store.header->frames, depth);
    if (at == UINT32_MAX) {
        __atomic_fetch_add(&store.header->lost.sites, 1, __ATOMIC_RELAXED);
        return FDT_NO_SITE;
    }
    struct fdt_site *site = &store.sites[id];
    memcpy(&store.frames[at], frames, depth * sizeof(*frames));
    site->frames = at;
    site->depth = (uint16_t)depth;
    site->call = call;
    site->flags = flags;
    site->first_ns = store_now();
    site->tid = thread_self.tid;
    site->epoch = site_epoch();
    __atomic_store_n(&site->hash, hash, __ATOMIC_RELEASE);
    return id;
}

uint32_t site_intern(uint16_t call, uint32_t flags, const uintptr_t *frames, unsigned depth)
{
    if (depth == 0 || depth > FDT_DEPTH_MAX || store.header == NULL)
        return FDT_NO_SITE;
    uint64_t hash = hash_stack(call, flags, site_epoch(), frames, depth);
    uint32_t new = FDT_NO_SITE;
    uint32_t mask = guard->index_mask;
    for (uint32_t probe = 0; probe <= mask; probe++) {
        uint32_t *cell = &guard->index[((uint32_t)(hash >> 17) + probe) & mask];
        uint32_t id = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
        if (id == FDT_NO_SITE) {
            if (new == FDT_NO_SITE) {
                modules_note(frames, depth);
                new = store_site(hash, call, flags, frames, depth);
                if (new == FDT_NO_SITE)
                    return FDT_NO_SITE;
            }
            if (__atomic_compare_exchange_n(cell, &id, new, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
                return new;
        }
        /* Somebody else's, perhaps the very stack another thread stored while we did: then ours is taken back. */
        if (id < store.count[FDT_PART_SITES] && same_stack(&store.sites[id], hash, call, frames, depth)) {
            if (new != FDT_NO_SITE)
                __atomic_store_n(&store.sites[new].hash, 0, __ATOMIC_RELEASE);
            return id;
        }
    }
    return FDT_NO_SITE;
}

unsigned sites_shared(uint32_t one, uint32_t other)
{
    uint32_t most = store.count[FDT_PART_SITES];
    if (one == FDT_NO_SITE || other == FDT_NO_SITE || one >= most || other >= most)
        return 0;
    const struct fdt_site *a = &store.sites[one], *b = &store.sites[other];
    unsigned depth = a->depth < b->depth ? a->depth : b->depth, shared = 0;
    if (a->frames + depth > store.count[FDT_PART_FRAMES] || b->frames + depth > store.count[FDT_PART_FRAMES])
        return 0;
    while (shared < depth && store.frames[a->frames + shared] == store.frames[b->frames + shared])
        shared++;
    return shared;
}

void site_sample(struct fdt_site *site, uint64_t births, uint64_t live)
{
    struct fdt_sample *sample = &site->samples[(unsigned)__builtin_ctzll(births) % FDT_SAMPLES];
    if (births > UINT32_MAX)
        return;
    __atomic_store_n(&sample->births, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&sample->ns, store_now(), __ATOMIC_RELEASE);
    __atomic_store_n(&sample->live, (uint32_t)live, __ATOMIC_RELAXED);
    __atomic_store_n(&sample->births, (uint32_t)births, __ATOMIC_RELEASE);
}
