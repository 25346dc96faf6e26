/*
 * Loaded objects: which one holds an address.
 *
 * glibc 2.35 and later tell without a lock (_dl_find_object). Elsewhere (older glibc, musl) we keep a list of our own, made by
 * dl_iterate_phdr at the start, after a dlclose, and when an address is in no object we know.
 */
#ifndef FDTRACE_OBJECTS_H
#define FDTRACE_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

struct object {
    uintptr_t   start, end; /* of the object, or of those of its segments without a gap between that hold the address */
    uintptr_t   bias;       /* what was added to the addresses its file names */
    const char *path;       /* the loader's own text, there while the object is; "" for the program itself */
    const void *unwind;     /* its .eh_frame_hdr; NULL: it has none */
};

/* Finds out how this libc tells. Called once, before any other. */
void objects_start(void);

/*
 * The object that holds address. False: none, or none that we know. No system call, no allocation; async-signal-safe but for an
 * address that is new to our list: then the loader's lock is taken, which the same thread may hold already (glibc), or may
 * not while it is inside dlopen (musl).
 */
bool object_find(uintptr_t address, struct object *found);

/* Is there code of a loaded object at address, so that it can be read? The rest is as with object_find. */
bool object_has_code(uintptr_t address);

/* Objects may have gone. */
void objects_changed(void);

/* In a forked child, where another thread may have been at it. */
void objects_forked(void);

#endif
