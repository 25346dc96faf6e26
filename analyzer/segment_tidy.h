/*
 * Putting a segment in order: its bytes are hostile, and what was copied from the file may hold half-written entries, indices that
 * lead outside and strings without an end. After this it is what segment_reader.h promises.
 */
#ifndef FDTRACE_SEGMENT_TIDY_H
#define FDTRACE_SEGMENT_TIDY_H

#include "segment_reader.h"

void segment_tidy(struct segment *segment);

/* By number, then by first event: the order of segment->threads, for qsort and searches. */
int segment_thread_order(const void *left, const void *right);

#endif
