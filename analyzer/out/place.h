/*
 * Where a finding points, in terms of somebody's checkout: systems that show findings beside the code know files by
 * their path in the repository, debug information knows them by where they lay when they were compiled.
 *
 *     struct checkout checkout;
 *     checkout_find(&checkout);
 *     struct place place = place_of(&checkout, finding);
 *     ... place.file, place.line ...
 *     place_free(&place);
 *     checkout_free(&checkout);
 *
 * All text is raw: whoever prints it escapes it.
 */
#ifndef FDTRACE_OUT_PLACE_H
#define FDTRACE_OUT_PLACE_H

#include "finding.h"

enum { CHECKOUT_ROOTS_MAX = 4 };

/* The folder of the sources, under the names it may be known by. The first is the one to print. */
struct checkout {
    char *roots[CHECKOUT_ROOTS_MAX]; /* absolute, without a slash at the end */
    size_t count;
};

struct place {
    char *file;                      /* NULL: nothing is known, not even a program */
    bool inside;                     /* the checkout, and file is relative to it; else as it was compiled */
    unsigned line;                   /* 0 unknown */
    const struct model_frame *frame; /* NULL: the finding has no stack, and file is the program */
};

/*
 * The checkout is what GITHUB_WORKSPACE or CI_PROJECT_DIR says, if that is the current folder or one around it, else
 * the current folder. No memory, or no such folder: no roots, and nothing is inside.
 */
void checkout_find(struct checkout *checkout);
void checkout_free(struct checkout *checkout);

/*
 * path without "." and "..", relative to the checkout if it lies inside (a path that is relative by itself, as builds
 * with mapped prefixes have, does, unless it climbs out). The caller frees it; NULL: out of memory.
 */
char *checkout_path(const struct checkout *checkout, const char *path, bool *inside);

/* The place people should look at first, as the text names it; without frames the program, or who started it. */
struct place place_of(const struct checkout *checkout, const struct finding *finding);
/* The place of a frame: its source file, else its module; no file when it has neither. */
struct place place_of_frame(const struct checkout *checkout, const struct model_frame *frame);
void place_free(struct place *place);

/* Is it how every program and thread begins (_start, clone, ...)? That is no news. function may be NULL: then it is not. */
bool is_startup(const char *function);

/*
 * "second-close: close() in main(), by thread 4242 "worker-3"": what happened at a stack, in which function of the
 * program's own and, where there are several, by which thread.
 */
void place_event(FILE *out, const struct finding *finding, const struct finding_stack *stack);
/* The same as a string, escaped, which the caller frees. NULL: out of memory. */
char *place_event_text(const struct finding *finding, const struct finding_stack *stack);

#endif
