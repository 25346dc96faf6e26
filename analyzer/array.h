/* Arrays that grow by doubling, so that their count alone says when they are full. */
#ifndef FDTRACE_ARRAY_H
#define FDTRACE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Makes room for one element more than count in *array, a pointer to elements. False: out of memory. */
static inline bool array_grow(void *array_pointer, size_t count, size_t element_size)
{
    void **array = array_pointer;
    if (count != 0 && (count & (count - 1)) != 0)
        return true;
    void *bigger = reallocarray(*array, count != 0 ? count * 2 : 1, element_size);
    if (bigger == NULL)
        return false;
    *array = bigger;
    return true;
}

#endif
