/*
 * A short history of each number: its latest lifetimes but the current one, which the slot tells. The ring wraps; this
 * does not, so that a stale close is traced to the owner whose number it was, however busy the program is elsewhere.
 *
 * In memory of the process alone, four lifetimes a number; numbers 1024 apart share a place. What matters of it is copied
 * into incidents. Writes cost one cache line at each birth on a used number; no lock: a reader compares twice.
 */
#ifndef FDTRACE_HISTORY_H
#define FDTRACE_HISTORY_H

#include "fdtrace/segment.h"
#include "hook.h"

#define HISTORY_LENGTH 4u

/* Before a birth writes over slot: the lifetime it tells of becomes the past. Called with the slot's pen. */
void history_push(int fd, const struct fdt_slot *slot, uint32_t generation);
/* That lifetime of fd, if it is remembered. Any thread, any signal handler. */
bool history_find(int fd, uint32_t generation, struct fdt_past *past);

#endif
