/*
 * Intended descriptors: --allow KIND:NAME, and a small list of our own (allow.def). What is allowed counts as ignored
 * (FDT_IGNORED), exactly as if the program had said fdtrace_ignore: no rule calls it a leak, listings say "ignored".
 */
#ifndef FDTRACE_ALLOW_H
#define FDTRACE_ALLOW_H

#include "model.h"

/* What the user allows: KIND:NAME, globs both; KIND alone allows every name. */
struct allowances {
    struct allowance {
        char *kind, *name;
    } *items;
    size_t count;
};

/* Appends a comma-separated list of KIND:NAME. 0, or -EINVAL or -ENOMEM with one line in error. */
int allow_add(struct allowances *list, const char *text, char *error, size_t error_size);
void allow_free(struct allowances *list);

/* Marks what is allowed, before any rule has looked at it. builtin: our own list, too. */
void allow_apply(const struct allowances *list, bool builtin, struct model *model);

#endif
