/*
 * How much torture: a bounded slice in the ordinary check, all of it for `make torture`, which sets FDTRACE_TORTURE.
 */
#ifndef FDTRACE_SCALE_H
#define FDTRACE_SCALE_H

#include <stdlib.h>

static inline int torture_scale(int slice, int all)
{
    return getenv("FDTRACE_TORTURE") != NULL ? all : slice;
}

#endif
