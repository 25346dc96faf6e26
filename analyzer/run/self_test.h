/*
 * The start-up self-test of `fdtrace run`: before the command begins, a program that opens and closes one descriptor
 * (fdtrace itself, as `fdtrace --self-test`) runs in the same environment. What it must leave is a recording with
 * events. Where it leaves none, the command would look clean because nobody was watching: that is said at once.
 */
#ifndef FDTRACE_RUN_SELF_TEST_H
#define FDTRACE_RUN_SELF_TEST_H

#include "run/folder.h"

/*
 * environment: as the command will get it. 0: the library loads and records; else -EIO with one line in error: what did
 * not work, and what to look at. Its recording is removed again.
 */
int run_self_test(const struct run_folder *folder, char *const *environment, char *error, size_t error_size);

/* The program's side. Returns an exit status. */
int run_self_test_subject(void);

#endif
