/*
 * Suppressions: what a project knows and does not want to be told again.
 *
 *     # a comment
 *     [log-file]                        a block: everything it says must fit
 *     rule=leak-*                       glob of rule ids
 *     frames=open_log;...;main          globs, innermost first; "..." stands for any number of frames
 *     kind=file                         globs of kind, name and program
 *     name=/var/log/?*
 *     program=server
 *     max=3                             fits no more than 3 lifetimes, else it does not apply
 *     expires=2031-12-31                the last day it applies
 *     reason=closed by the supervisor
 *
 *     leak-at-exit:load_plugin          a line: RULE:GLOB, of a function, file or module of the birth stack
 *
 * A glob is fnmatch(3)'s; `*` matches slashes, too. A frame fits by its function (with or without its parameters), its
 * source file or its module; of a path, the end that follows any slash will do. The frames given must be the innermost
 * ones of one of the finding's stacks, outer ones are free; the call itself (open) may be named first.
 *
 * The texts live in files, and in programs and libraries themselves (embedded.h).
 */
#ifndef FDTRACE_SUPPRESS_H
#define FDTRACE_SUPPRESS_H

#include "finding.h"

enum suppression_state {
    SUPPRESSION_UNUSED, /* nothing fitted                      */
    SUPPRESSION_USED,
    SUPPRESSION_EXPIRED, /* something fitted, but too late      */
    SUPPRESSION_EXCEEDED /* more fitted than max allows         */
};

/* One block or line. Strings are owned; NULL where nothing was said. */
struct suppression {
    char *name;    /* of the block; a line is its own name */
    char *source;  /* the file it stands in */
    unsigned line; /* where it begins, from 1 */
    bool embedded; /* in a program, not in a file the user named */
    char *rule, *frames, *kind, *object, *program, *reason;
    char *expires; /* YYYY-MM-DD */
    bool anywhere; /* RULE:GLOB: frames is one glob for any frame of the birth stack */
    bool limited;  /* max= was given */
    uint64_t max;

    enum suppression_state state; /* after suppressions_apply */
    size_t findings;              /* suppressed by it, in whole or in part */
    uint64_t count;               /* lifetimes that fitted */
};

struct suppressions {
    struct suppression *items;
    size_t count;
};

/* Appends what text (NUL-terminated) says; source names it. 0, or negative errno with FILE:LINE: what is wrong. */
int suppressions_read(struct suppressions *list, const char *text, const char *source, bool embedded, char *error,
                      size_t error_size);
/* The same for a file. */
int suppressions_read_file(struct suppressions *list, const char *path, char *error, size_t error_size);
/* Back to the first `count` ones. */
void suppressions_cut(struct suppressions *list, size_t count);
void suppressions_free(struct suppressions *list);

/*
 * Applies them in their order: findings that fit go (FINDING_SUPPRESSED); where only some lifetimes of a leak fit by
 * kind and name, those go and the finding is worded anew. Returns 0 or -ENOMEM; sets states and counts.
 */
int suppressions_apply(struct suppressions *list, struct findings *findings);

const char *suppression_state_name(enum suppression_state state);

#endif
