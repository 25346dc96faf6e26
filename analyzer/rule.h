/*
 * Rules: the code of each is one file in rules/ with one constant descriptor; rules.def in include/fdtrace lists them.
 *
 * A rule never prints. `check` sees one image at a time and reports offences (finding.h); `describe` finds words for a
 * finding once everything that belongs to it is known: count, descriptors, stacks.
 */
#ifndef FDTRACE_RULE_H
#define FDTRACE_RULE_H

#include "finding.h"

struct rule_code {
    void (*check)(const struct rule *rule, const struct image *image, struct findings *findings);
    /* One sentence each, without a full stop; no suggestion is no suggestion. Names go in raw. */
    void (*describe)(const struct finding *finding, FILE *message, FILE *suggestion);
    bool by_line;                  /* nothing but its stacks makes a finding: those of the same lines are one (finding_merge.h) */
};

struct rule {
    const char *id;
    enum severity severity;
    const char *says;              /* in general, for help and documentation */
    const struct rule_code *code;
};

#define FDT_RULE(symbol, id, severity, says) extern const struct rule_code rule_##symbol;
#include "fdtrace/rules.def"
#undef FDT_RULE

/* All of them, in the order of rules.def; ends with an entry whose id is NULL. */
extern const struct rule rules[];
const char *severity_name(enum severity severity);

#endif
