/*
 * How much torture: a bounded slice in the ordinary check, all of it for `make torture`, which sets FDTRACE_TORTURE. And how
 * patient: FDTRACE_SLOWNESS=N is for a machine N times slower than most, an emulated one, that has N times as long, and an N-th
 * of the heaviest torture to do.
 */
#ifndef FDTRACE_SCALE_H
#define FDTRACE_SCALE_H

#include <stdlib.h>

static inline int torture_scale(int slice, int all)
{
    return getenv("FDTRACE_TORTURE") != NULL ? all : slice;
}

static inline int machine_slowness(void)
{
    const char *slowness = getenv("FDTRACE_SLOWNESS");
    return slowness != NULL && atoi(slowness) > 0 ? atoi(slowness) : 1;
}

#endif
