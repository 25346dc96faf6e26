/* What the tests of suppressions, baselines and the gate share: fdtrace run on a small program, and files it is given.
 */
#ifndef FDTRACE_TESTS_GATE_SUPPORT_H
#define FDTRACE_TESTS_GATE_SUPPORT_H

#include "support.h"

/* `fdtrace WORDS`; the words end with NULL. options: FDTRACE_OPTIONS or NULL. */
struct outcome gate_fdtrace(const char *options, const char *const *words);
#define FDTRACE(...) gate_fdtrace(NULL, (const char *const[]){__VA_ARGS__, NULL})

/* Writes a file of the test's scratch folder; returns its path in a static buffer. */
const char *gate_write(const char *folder, const char *name, const char *content);

/* The outcome is as expected: status, and a piece of standard error (or none, with "!" before it). Frees it. */
void gate_expect(struct outcome outcome, int status, const char *piece);

#endif
