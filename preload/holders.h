/*
 * Who holds the descriptors? Asked when there are no more: of the table and the sites alone, so that nothing has to be
 * opened, and slowly, because it happens once.
 */
#ifndef FDTRACE_HOLDERS_H
#define FDTRACE_HOLDERS_H

#include "hook.h"

enum { HOLDERS_MOST = 8 };

/* One site and what it holds. */
struct holder {
    uint32_t site;
    uint32_t live;           /* numbers of the table that are open and were born there */
    int      oldest;         /* one of them: born first */
    uint64_t oldest_ns, youngest_ns;
};

/*
 * The sites that hold most, most first; returns how many. Inherited descriptors belong to no site. Async-signal-safe; other
 * threads go on meanwhile, so the counts are of about that moment.
 */
unsigned holders_find(struct holder holders[HOLDERS_MOST]);

#endif
