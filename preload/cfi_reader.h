/* Reading the bytes of .eh_frame: bounded, and `bad` for good once they have run out. And what expressions come to. */
#ifndef FDTRACE_CFI_READER_H
#define FDTRACE_CFI_READER_H

#include "unwind.h"

#include <stddef.h>

enum { /* DWARF register numbers of the psABI; what the third register is: unwind.h */
#if defined(__x86_64__)
    DWARF_THIRD = 3, DWARF_FP = 6, DWARF_SP = 7, DWARF_PC = 16
#elif defined(__aarch64__)
    DWARF_THIRD = 30, DWARF_FP = 29, DWARF_SP = 31, DWARF_PC = 32
#endif
};

/* Bytes to be read. */
struct reader {
    const uint8_t *at, *end;
    bool bad;
};

static inline uint64_t fixed(struct reader *reader, unsigned bytes)
{
    uint64_t value = 0;
    if (bytes > (size_t)(reader->end - reader->at)) {
        reader->bad = true;
        reader->at = reader->end;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)*reader->at++ << 8 * i;
    return value;
}

static inline void skip(struct reader *reader, uint64_t bytes)
{
    if (bytes > (size_t)(reader->end - reader->at))
        reader->bad = true;
    reader->at = reader->bad ? reader->end : reader->at + bytes;
}

static inline uint64_t uleb(struct reader *reader)
{
    uint64_t value = 0, byte;
    unsigned shift = 0;
    do {
        byte = fixed(reader, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

static inline int64_t sleb(struct reader *reader)
{
    uint64_t value = 0, byte;
    unsigned shift = 0;
    do {
        byte = fixed(reader, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40) != 0)
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

/* A value as far as a rule can tell it. */
struct term {
    enum { TERM_NONE, TERM_NUMBER, TERM_REGISTER, TERM_MEMORY } kind;
    enum rule_base base;
    int64_t off;                /* TERM_MEMORY: *(base + off) + add */
    int64_t add;                /* TERM_REGISTER: base + add */
};

/* The base a DWARF register number names. False: it is none. */
static inline bool base_of(uint64_t number, enum rule_base *base)
{
    *base = number == DWARF_SP ? BASE_SP : number == DWARF_FP ? BASE_FP : BASE_THIRD;
    return number == DWARF_SP || number == DWARF_FP || number == DWARF_THIRD;
}

/* What a DWARF expression (its length and its bytes) comes to. cfa: what is on its stack at first, or NULL. */
struct term cfi_evaluate(struct reader expression, uintptr_t lookup, const struct term *cfa);

#endif
