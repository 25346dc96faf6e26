/* How an image ends: last words in the segment, verification, and the report when nobody else makes one. */
#ifndef FDTRACE_END_H
#define FDTRACE_END_H

#include <stdbool.h>
#include <stdint.h>

/* Is a slot with this word what leak-at-exit may accuse: born here, above 2, still open? */
bool end_is_leak(int fd, uint64_t word);

/*
 * While the program runs on: the command tells on output about what was born at since (CLOCK_MONOTONIC) or later and is
 * open; without a command, here.c does. False: the command found it all excused, and output has nothing about it.
 */
bool end_explain(int output, uint64_t since);

/* Registers the handler that runs after every other exit handler and destructor. During start. */
void end_start(void);
/* quick_exit was called with status; its own handlers are not told. */
void end_quick_status(int status);

#endif
