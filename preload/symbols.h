/*
 * What symbols there are, read from the tables of the loaded objects. dlsym answers the same, but where there is none it
 * allocates a text for dlerror, and the caller may be the program's own malloc with its lock held (jemalloc reads files
 * while it starts). So dlsym is asked only for what is there.
 */
#ifndef FDTRACE_SYMBOLS_H
#define FDTRACE_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbol {
    const char *name;
    uint32_t    hash;    /* symbols_find's own */
    bool        there;   /* found: dlsym will find it, too */
    void       *old;     /* what only programs of an older libc may use, and dlsym does not find: its address, or NULL */
};

/*
 * Fills in there and old, for all of them at once. after_us: in the objects that the loader has behind this library, which is
 * where RTLD_NEXT looks; else in all. Takes the loader's lock, as dlsym does; idempotent, and safe from several threads.
 */
void symbols_find(struct symbol *symbols, unsigned count, bool after_us);

#endif
