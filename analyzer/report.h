/*
 * Reporting: recordings in, findings out. `fdtrace report` and `fdtrace run` share everything here.
 *
 *     struct report_options options;
 *     report_options_init(&options, stderr);              reads FDTRACE_OPTIONS
 *     ... id = option_next(&reader) with report_option_table among the reader's tables ...
 *     report_option(&options, id, reader.value)           for the ids it knows
 *     report_session(paths, count, &options, &result)     loads, judges, prints
 *     status = report_exit_status(&options, &result, status)
 *     report_options_free(&options)
 */
#ifndef FDTRACE_REPORT_H
#define FDTRACE_REPORT_H

#include "allow.h"
#include "gate.h"
#include "model.h"
#include "options.h"
#include "suppress.h"

#include <stdio.h>

struct writer;
enum report_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum report_extent { REPORT_NONE, REPORT_SUMMARY, REPORT_FULL };

/* One place a report goes to. */
struct report_output {
    const struct writer *writer;
    const char *path;         /* NULL: the standard stream; "-": standard output */
};

enum { REPORT_OUTPUTS_MAX = 16 };

struct report_options {
    FILE *stream;                 /* where a report without -o goes: stdout for report, stderr for run */
    struct report_output outputs[REPORT_OUTPUTS_MAX];
    size_t output_count;          /* 0: text to stream */
    enum report_color color;
    enum report_extent extent;
    bool show_notes;              /* list notes in text, too */
    bool show_images;             /* and every image of the tree */
    char *fail_on;                /* checked by gate_check; NULL or "" none */
    int  error_exitcode;          /* exit status when fail_on matched; 0 keeps the other */
    bool exitcode_given;          /* by --error-exitcode */
    bool require_traced;          /* fail closed: what was not recorded is no pass */
    bool proven;                  /* a self-test has recorded: no events means that there were none */
    struct suppressions *suppressions;  /* of files; never NULL after report_options_init; applying sets their states */
    struct allowances allowed;
    bool builtin_allow;           /* the list of allow.def, too */
    char *baseline, *write_baseline;    /* paths, NULL none */
    uint64_t limit;               /* findings told in full in text; 0 all */
    unsigned limit_near;          /* percent; see model.h */
    bool open_only;               /* --open-since was given */
    uint64_t open_since;          /* CLOCK_MONOTONIC, nanoseconds */
    const struct known_end *ends; /* what the caller knows of how processes ended; may be NULL */
    size_t end_count;
    char *const *command;         /* for JSON `command`; NULL: what the session says, else the first image's argv */
    char error[512];              /* one line, after report_option failed */
};

struct report_result {
    size_t images, findings, errors, warnings, notes;
    size_t untraced;              /* images that could not be traced */
    bool   unrecorded;            /* nothing at all was recorded, or something is missing: verdict says what */
    size_t suppressed;            /* findings, in whole or in part */
    size_t known, gone;           /* findings the baseline knows; its lines nothing was found for */
    struct gate_tally tally;
    bool   fail_matched;          /* fail_on matched */
    char   verdict[320];          /* why the exit status is what report_exit_status says; "" when nothing failed */
    char   error[1024];           /* after report_session failed: what, where, what to do; names in it are raw, and the
                                     whole is one line once it is escaped */
};

/* The options `run` and `report` share, for option_reader.tables. Their ids are >= REPORT_OPTION_FIRST. */
enum { REPORT_OPTION_FIRST = 1000 };
extern const struct command_option report_option_table[];

/* Defaults, then FDTRACE_OPTIONS. 0, or negative errno with options->error set. */
int report_options_init(struct report_options *options, FILE *stream);
/* Takes one option of report_option_table. 0, or -EINVAL with options->error set. */
int report_option(struct report_options *options, int id, const char *value);
void report_options_free(struct report_options *options);
/*
 * Can the files that options name be read? For whoever has a command to run before the report: a mistake is better told
 * before than after. 0, or negative errno with options->error set.
 */
int report_options_check(struct report_options *options);

/*
 * paths: session folders and segment files, any mix. 0, or negative errno with result->error set and nothing printed.
 */
int report_session(const char *const *paths, size_t count, const struct report_options *options,
                   struct report_result *result);

/*
 * The exit status that follows: error_exitcode, EXIT_UNTRACED, or `otherwise`. result may have been changed since: an
 * image more that was not traced, a finding more in the tally.
 */
int report_exit_status(const struct report_options *options, const struct report_result *result, int otherwise);

#endif
