/*
 * Findings that nobody could tell apart are one. A compiler that unrolls a loop, or copies a branch, makes several places of
 * one line: they differ in addresses alone.
 */
#ifndef FDTRACE_FINDING_MERGE_H
#define FDTRACE_FINDING_MERGE_H

#include "finding.h"

/*
 * Joins findings of one rule and program whose stacks name the same calls, functions and lines (without lines: the same
 * addresses), for rules that say by_line; but what one line opens by two names, or of two kinds, are two. Stacks and fingerprints must be known, words need not. False: out of memory.
 */
bool findings_merge(struct findings *findings);

#endif
