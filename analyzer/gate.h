/*
 * The gate: --fail-on, conditions on what was found.
 *
 *     CONDITION[,CONDITION...]    CONDITION: RULE or SEVERITY, and perhaps >N: more than N of them (default 0)
 *
 * A severity is a threshold: `warning` counts errors, too. What is counted are lifetimes, or offences where a rule is
 * about calls; what the baseline knows does not count.
 */
#ifndef FDTRACE_GATE_H
#define FDTRACE_GATE_H

#include "finding.h"

#define FDT_RULE(symbol, id, severity, says) +1
enum { GATE_RULES = 0
#include "fdtrace/rules.def"
};
#undef FDT_RULE

/* How much there is of each rule, by its place in the table of rules. */
struct gate_tally {
    uint64_t counts[GATE_RULES][SEVERITY_ERROR + 1]; /* a rule may grade what it finds */
};

/* Is list a list of conditions? 0, or -EINVAL with one line in error. "" is one without conditions. */
int gate_check(const char *list, char *error, size_t error_size);

void gate_count(struct gate_tally *tally, const struct findings *findings);

/* Does one of the conditions hold? Then why says which: "5 leak-at-exit, more than 3". list: NULL or checked. */
bool gate_matches(const char *list, const struct gate_tally *tally, char *why, size_t why_size);

#endif
