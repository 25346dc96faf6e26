/*
 * An index from addresses to what lies there. Used for units and functions of debug information and for symbol
 * tables.
 *
 * Nouns
 *   span   addresses low <= a < high and what they are. Spans may overlap or nest: debug information is not trusted.
 *   reach  the highest end of a span and all before it: where a search may stop. Equation: reach[i] = max(high[0..i]).
 */
#ifndef FDTRACE_SPAN_H
#define FDTRACE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    uint64_t low, high, reach;
    int rank;                 /* among spans of the same addresses, the highest is found */
    union {
        size_t index;         /* of a unit, of a function */
        const char *name;     /* of a symbol              */
    };
};

struct spans {
    struct span *array;
    size_t count;
};

/* Appends; spans_sort sets reach. Leaves out an empty span, and one at 0 (code a linker dropped). False: no memory. */
bool spans_add(struct spans *spans, struct span span);
/* To be called once, after the last spans_add. */
void spans_sort(struct spans *spans);
/* The innermost span around address: the one that begins last. NULL: none. */
const struct span *spans_find(const struct spans *spans, uint64_t address);
void spans_free(struct spans *spans);

#endif
