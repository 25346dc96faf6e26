/*
 * Where functions are, read from the symbol tables of the loaded objects. dlsym answers the same, but where there is none
 * it allocates a text for dlerror, and the caller may be the program's own malloc with its lock held (jemalloc reads
 * files while it starts). So dlsym is asked only for what is there.
 */
#ifndef FDTRACE_SYMBOLS_H
#define FDTRACE_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbol {
    const char *name;
    uint32_t    hash;    /* symbols_find's own */
    bool        there;   /* dlsym finds it, too */
    void       *address; /* of the function. NULL: it is not there, or dlsym has to tell. Not there, but an address: libc
                          * keeps it for programs linked to an older one, and has no other of that name */
};

/*
 * Fills in there and address, for all of them at once. after_us: in the objects that the loader has behind this library,
 * which is where RTLD_NEXT looks; else in all. Takes the loader's lock, as dlsym does; idempotent, and safe from several
 * threads.
 */
void symbols_find(struct symbol *symbols, unsigned count, bool after_us);

#endif
