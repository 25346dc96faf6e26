/*
 * The flight recorder: the events of one image that are still in its recording's ring, which are its latest. They are read from
 * the file again when they are wanted: a thousand images' rings are more than anybody wants to hold in memory at once.
 */
#ifndef FDTRACE_RECORDER_H
#define FDTRACE_RECORDER_H

#include "segment_reader.h"

struct recorder {
    struct fdt_event *events; /* in the order of time; sites and calls are the segment's, types are known ones */
    size_t count;
};

/*
 * Reads what the ring holds by now. An event that is just being written is left out. 0; -ENOMEM; -ESTALE when the segment's file
 * is not there any more, or another one is in its place. Free with recorder_free in either case.
 */
int recorder_read(struct recorder *recorder, const struct segment *segment);
void recorder_free(struct recorder *recorder);

#endif
