/*
 * Handles (FILE, DIR) that have ended lately, and those whose number was closed under them. libc frees a handle when it
 * ends: a second end is told from what is remembered here, before anybody looks into that memory again.
 *
 * 64 places by address; what is pushed out is forgotten, which only means that nothing is told. Lock-free: a place that
 * somebody else is writing to is left alone.
 */
#ifndef FDTRACE_HANDLE_H
#define FDTRACE_HANDLE_H

#include "fdtrace/segment.h"
#include "hook.h"

enum handle_fate {
    HANDLE_UNKNOWN,
    HANDLE_ENDED,    /* by its own call: the memory is libc's again  */
    HANDLE_ROBBED    /* its number was closed by other means         */
};

struct handle_end {
    const void *handle;
    enum handle_fate fate;
    int fd;
    uint32_t incident;       /* ROBBED: index of the incident, UINT32_MAX none */
    uint64_t state;          /* the slot's word */
    struct fdt_death death;  /* of the number */
    struct fdt_life life;    /* the name is not kept */
};

/* The number slot tells of has died with its handle, or under it. */
void handle_ends(const void *handle, enum handle_fate fate, int fd, const struct fdt_slot *slot, uint32_t incident);
/* What became of it; copied into end unless UNKNOWN. */
enum handle_fate handle_fate(const void *handle, struct handle_end *end);
/* A new handle at this address. */
void handle_begins(const void *handle);

#endif
