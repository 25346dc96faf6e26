/* The report made in place, when no fdtrace command is found: plainer, but it names functions the loader knows. */
#ifndef FDTRACE_HERE_H
#define FDTRACE_HERE_H

/* Writes leaks grouped by site, and incidents, to fd. At the very end of the process only. */
void here_report(int fd);

#endif
