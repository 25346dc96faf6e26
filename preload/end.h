/* How an image ends: last words in the segment, verification, and the report when nobody else makes one. */
#ifndef FDTRACE_END_H
#define FDTRACE_END_H

#include <stdbool.h>
#include <stdint.h>

/* Is a slot with this word what leak-at-exit may accuse: born here, above 2, still open? */
bool end_is_leak(int fd, uint64_t word);

/* Registers the handler that runs after every other exit handler and destructor. During start. */
void end_start(void);
/* quick_exit was called with status; its own handlers are not told. */
void end_quick_status(int status);

#endif
