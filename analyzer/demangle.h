/* Names as people wrote them: what a linker calls _ZN4pool4openEPKc is pool::open(char const*). */
#ifndef FDTRACE_DEMANGLE_H
#define FDTRACE_DEMANGLE_H

enum { DEMANGLED_MAX = 4096 };

/*
 * The readable form of a linker's name: C++ with parameters and without the return type, Rust (legacy and v0)
 * without the hash, and anything else without its symbol version (`open@@GLIBC_2.2.5`). A name longer than
 * DEMANGLED_MAX, or one that demangles to more, ends in "...". malloc'd. NULL when the name is best left as it is,
 * or memory ran out: use the name itself.
 */
char *demangle(const char *name);

#endif
