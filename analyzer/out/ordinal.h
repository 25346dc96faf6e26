/* Findings that share a fingerprint, told apart: two places of one function do, and readers may keep one of a name. */
#ifndef FDTRACE_OUT_ORDINAL_H
#define FDTRACE_OUT_ORDINAL_H

#include "finding.h"

/*
 * For each of the shown findings how many of the same fingerprint come before it, mostly 0. The caller frees it; NULL:
 * out of memory.
 */
size_t *finding_ordinals(const struct findings *findings);

#endif
