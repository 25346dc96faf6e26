/*
 * The symbol table of a loaded object, read where it lies in memory, with no help of the loader: dlsym takes a lock, and the
 * vDSO is in no list it searches.
 */
#ifndef FDTRACE_DYNSYM_H
#define FDTRACE_DYNSYM_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

struct dynsym {
    uintptr_t         bias;       /* what is added to the addresses the object names */
    const ElfW(Sym)  *entries;
    const char       *names;
    const ElfW(Half) *versions;   /* NULL: its symbols have none */
    const uint32_t   *gnu, *sysv; /* its hash tables; one may be NULL */
};

/* Does the object with these program headers hold address? */
bool dynsym_holds(const ElfW(Phdr) *segments, unsigned count, uintptr_t bias, uintptr_t address);

/* False: the object has none, or none that can be looked up. */
bool dynsym_read(struct dynsym *symbols, const ElfW(Phdr) *segments, unsigned count, uintptr_t bias);

/* Which of several versions of a symbol is meant. */
enum dynsym_version {
    DYNSYM_DEFAULT, /* what dlsym would take                                                                   */
    DYNSYM_ANY      /* also one that is kept for programs that were linked with an older library, and no others */
};

/*
 * The symbol of that name that is defined here. NULL: there is none. No system call, no allocation; async-signal-safe, as long as
 * the object stays loaded.
 */
const ElfW(Sym) *dynsym_find(const struct dynsym *symbols, const char *name, enum dynsym_version version);

#endif
