/*
 * The debug information (DWARF) of one module: which function and which inlined calls an address belongs to, and
 * their source lines. Names come as the file has them; symbol.c makes them readable.
 *
 * Nouns
 *   unit    a compilation unit: one source file and what it included.
 *   chain   a function and the calls inlined into it around one address, outermost first.
 */
#ifndef FDTRACE_DEBUG_INFO_H
#define FDTRACE_DEBUG_INFO_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debug_info;

struct debug_frame {
    const char *linkage_name; /* what the linker calls it; NULL in C, and for functions local to their file */
    const char *name;         /* what the source calls it, without its scope; NULL: unknown                  */
    const char *file;         /* NULL: unknown                                                               */
    unsigned line;            /* 0: unknown                                                                  */
    bool inlined;
};

/*
 * NULL: the module has no debug information, or memory ran out. It has to outlive what is made here. alone: what it says of
 * further files (split units, a supplementary file) is not followed.
 */
struct debug_info *debug_info_new(Dwfl_Module *module, bool alone);
void debug_info_free(struct debug_info *info);

/*
 * The frames at an address of the module, innermost first; the last one is the function itself. If there are more
 * than max, the innermost are left out. 0: no unit covers the address. Texts live as long as the module.
 */
size_t debug_info_find(struct debug_info *info, uint64_t address, struct debug_frame *frames, size_t max);

#endif
