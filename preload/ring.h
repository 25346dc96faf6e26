/* The flight recorder: a few words per event, oldest overwritten first. What it dropped is next - size of each shard. */
#ifndef FDTRACE_RING_H
#define FDTRACE_RING_H

#include "store.h"
#include "thread.h"

struct event {
    enum fdt_event_type type;
    uint16_t call;
    uint32_t site;
    int32_t  fd;
    uint32_t generation;
    int32_t  other;
    int64_t  value;
    uint64_t ns;
};

/* Lock-free; a signal handler that interrupts a half-written entry simply takes the next one. */
void ring_write(const struct event *event);

/* The same in place, for the two events that every descriptor has: the event never sees memory. */
static inline __attribute__((always_inline)) void ring_put(const struct event *event)
{
    const struct thread *self = &thread_self;
    uint32_t shard = self->shard & (FDT_SHARDS - 1);
    uint64_t position = __atomic_fetch_add(&store.header->shards[shard].next, 1, __ATOMIC_RELAXED);
    uint32_t index = (uint32_t)position & (store.shard_size - 1);
    if (!store_secure_shard(shard, index))
        return;
    struct fdt_event *entry = &store.ring[shard * store.shard_size + index];
    /* Zero while it is being filled: whoever reads after a kill half way sees an entry that was never finished. */
    __atomic_store_n(&entry->sequence, 0, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    entry->ns = event->ns;
    entry->site = event->site;
    entry->tid = self->tid;
    entry->fd = event->fd;
    entry->generation = event->generation;
    entry->other = event->other;
    entry->call = event->call;
    entry->type = (uint8_t)event->type;
    entry->value = event->value;
    __atomic_store_n(&entry->sequence, position + 1, __ATOMIC_RELEASE);
}

#endif
