/*
 * What threads are called: the segment's threads. A name is asked for when a thread has its first event, and again
 * where a system call does not count: at a new misuse, at the thread's end and at the image's, for programs name
 * their threads after they have begun. Never under a seccomp filter. All of it is async-signal-safe.
 */
#ifndef FDTRACE_NAMES_H
#define FDTRACE_NAMES_H

#include <stdbool.h>

/* The calling thread's first event in this image. end_seen: names_end will be called when it ends. */
void names_introduce(bool end_seen);
/* The calling thread may be called something else by now. */
void names_refresh(void);
/* The calling thread ends. */
void names_end(void);
/* The image ends: the same for all of its threads that have a hand in what may be told of it. */
void names_last(void);

#endif
