/*
 * Threads of a running process: have all of them moved on since an earlier look?
 *
 * The guest records a death just before the kernel frees the number, and a birth just after the kernel gave it. In
 * between, trace and kernel differ and nobody is to blame. A thread can be held up there for as long as the machine
 * is busy, so no waiting time is long enough. But it cannot sleep there, and needs only microseconds of processor
 * time to get out.
 */
#ifndef FDTRACE_LIVE_THREADS_H
#define FDTRACE_LIVE_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_thread {
    int tid;
    char state;        /* as in proc(5): 'S' sleeps in a system call, 'R' runs or would like to */
    uint64_t ran_ns;   /* processor time it has had; 0 unknown */
};

struct live_threads {
    struct live_thread *list; /* by tid */
    size_t count;
};

/* 0 or -ENOMEM. No threads when the process is gone. */
int live_threads_read(struct live_threads *threads, int pid);
void live_threads_free(struct live_threads *threads);

/* Was no thread held up at one place all the time from looks[first] to looks[last]? */
bool live_threads_moved(const struct live_threads *looks, size_t first, size_t last);

#endif
