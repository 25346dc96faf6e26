/* Which objects lay where, so that addresses stay readable after the process has gone. */
#ifndef FDTRACE_MODULES_H
#define FDTRACE_MODULES_H

#include <stdbool.h>
#include <stdint.h>

/* Chooses how addresses are looked up. Called once, before any other. */
void modules_start(void);

/*
 * Makes sure the modules of these addresses are in the segment. Called for new stacks only. As safe in a signal
 * handler as object_find.
 */
void modules_note(const uintptr_t *addresses, unsigned count);

/* After a dlclose: marks what has gone, and begins a new epoch if any noted module did. */
void modules_closed(void);

#endif
