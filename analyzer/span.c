/* Spans of addresses, sorted, searched by halving. See span.h. */
#include "span.h"

#include "array.h"

bool spans_add(struct spans *spans, struct span span)
{
    if (span.low == 0 || span.low >= span.high)
        return true;
    if (!array_grow(&spans->array, spans->count, sizeof(spans->array[0])))
        return false;
    spans->array[spans->count++] = span;
    return true;
}

/* Inner spans after outer ones, preferred ones after their equals: the search goes backwards. */
static int by_address(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    if (a->high != b->high)
        return a->high > b->high ? -1 : 1;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

void spans_sort(struct spans *spans)
{
    if (spans->count == 0)
        return;
    qsort(spans->array, spans->count, sizeof(spans->array[0]), by_address);
    uint64_t reach = 0;
    for (size_t i = 0; i < spans->count; i++) {
        if (spans->array[i].high > reach)
            reach = spans->array[i].high;
        spans->array[i].reach = reach;
    }
}

const struct span *spans_find(const struct spans *spans, uint64_t address)
{
    size_t begin = 0, end = spans->count; /* before begin: spans that start in time; from end on: too late */
    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        if (spans->array[middle].low <= address)
            begin = middle + 1;
        else
            end = middle;
    }
    for (; begin > 0 && spans->array[begin - 1].reach > address; begin--)
        if (spans->array[begin - 1].high > address)
            return &spans->array[begin - 1];
    return NULL;
}

void spans_free(struct spans *spans)
{
    free(spans->array);
    *spans = (struct spans){0};
}
