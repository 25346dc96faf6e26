/* The flight recorder: a few words per event, oldest overwritten first. What it dropped is next - size of each shard. */
#ifndef FDTRACE_RING_H
#define FDTRACE_RING_H

#include "store.h"

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

void ring_write(const struct event *event);

#endif
