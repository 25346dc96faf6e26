/* The report made in place, when no fdtrace command is found: plainer, but it names functions the loader knows. */
#ifndef FDTRACE_HERE_H
#define FDTRACE_HERE_H

#include <stdint.h>

/*
 * Writes leaks grouped by site, and incidents, to fd. since 0: at the very end of the process; else only leaks born at
 * that moment (CLOCK_MONOTONIC) or later, one thread at a time.
 */
void here_report(int fd, uint64_t since);

#endif
