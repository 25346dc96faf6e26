/*
 * What the end-to-end tests share: running programs bare and traced, and reading reports.
 *
 * Nouns
 *   run        a program to start: its words, how it is traced, options, a deadline.
 *   outcome    what it left behind: wait status, standard output, standard error.
 *   directive  a line `WORD: text` in the comment a test program begins with; it tells the harness what the program
 *              deserves (tests/README.md lists them).
 *   scratch    a private folder that lives as long as one test.
 *
 * Programs and the build are found through $FDTRACE_BUILD (default: build), sources relative to the current folder.
 * Errors of the harness itself end the test at once (cr_assert_fail): no caller has to look.
 */
#ifndef FDTRACE_SUPPORT_H
#define FDTRACE_SUPPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum tracing {
    BARE,       /* as the user would start it                        */
    PRELOADED,  /* LD_PRELOAD=libfdtrace.so                          */
    UNDER_RUN,  /* fdtrace run -o json:REPORT -- ...                 */
};

struct run {
    const char *const *argv;    /* NULL-terminated; argv[0] is looked up in PATH                           */
    enum tracing tracing;
    const char *options;        /* FDTRACE_OPTIONS; NULL: unset                                            */
    const char *const *environment; /* further NAME=value words, NULL-terminated; or NULL                  */
    const char *report;         /* UNDER_RUN: where the JSON report goes                                   */
    const char *folder;         /* working folder; NULL: ours                                              */
    const char *input;          /* standard input; NULL: /dev/null                                         */
    unsigned deadline;          /* seconds until it is killed; 0: 60. FDTRACE_SLOWNESS times as many        */
};

struct outcome {
    int status;        /* as waitpid says         */
    bool overdue;      /* killed at the deadline  */
    char *out, *err;   /* NUL-terminated, malloc'd */
};

/* Starts the program, waits for its end, and collects. Output of grandchildren that outlive it is not waited for. */
struct outcome run(const struct run *how);
/* The same in two steps, for a server that is talked to meanwhile; stopping sends signal first, unless 0. */
struct running;
struct running *run_start(const struct run *how);
pid_t run_pid(const struct running *running);
struct outcome run_finish(struct running *running, int signal);
void outcome_free(struct outcome *outcome);
/* 0..255, or 128 + N for signal N, as a shell would say. */
int outcome_code(const struct outcome *outcome);

/* Paths into the build folder, absolute; the text lives in one of a few static buffers. */
const char *built(const char *name);
bool have_program(const char *name);

/* A fresh private folder; scratch_remove empties and removes it. */
char *scratch_make(void);
void scratch_remove(char *folder);
/* printf into one of a few static buffers. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The nth directive called word of a test program's source, or NULL. malloc'd. */
char *directive(const char *source, const char *word, unsigned nth);

/* The report at path; the test fails when it is none. json_decref it. */
json_t *report_load(const char *path);
/* How many findings of the report are of this rule; NULL: of any rule, notes excepted. */
size_t report_count(const json_t *report, const char *rule);
/*
 * Does a finding fit what a directive says: RULE key=value... ? Keys: severity, count, kind, call, owner, name, function (anywhere),
 * or a role (birth, second-close, ...) followed by a function that stands in the stack of that role.
 */
bool finding_fits(const json_t *finding, const char *expectation);
/* All findings on one line each, for the message of a failing test. malloc'd. */
char *report_digest(const json_t *report);

#endif
