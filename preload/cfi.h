/*
 * Call frame information: the unwind rule of a code address, read from .eh_frame of the object that holds it.
 *
 * Reads memory of loaded objects only, each table within its object's bounds. No lock, no allocation, no system call.
 */
#ifndef FDTRACE_CFI_H
#define FDTRACE_CFI_H

#include "unwind.h"

/*
 * The head of .eh_frame_hdr as every linker writes it (LSB 5.0, 10.6.2): a sorted table of (code, FDE) pairs, relative
 * to the header.
 */
struct cfi_header {
    uint8_t  version, frame_encoding, count_encoding, table_encoding;
    int32_t  frame;
    uint32_t count;
    struct { int32_t code, fde; } table[];
};

/* A loaded object, or the segment of it that holds an address, where the loader left gaps between segments. */
struct cfi_object {
    uintptr_t start, end;
    const struct cfi_header *header; /* NULL: none, or not in the usual encoding */
    uintptr_t tables, tables_end;    /* what may be read around the header: the same, or the header's own segment */
};

/* The object that holds address. False: none does (objects.h). */
bool cfi_find_object(uintptr_t address, struct cfi_object *object);

struct rule cfi_rule(uintptr_t lookup, const struct cfi_object *object);

#endif
