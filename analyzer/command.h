/*
 * Commands: fdtrace NAME. Each lives in its own file, cmd_NAME.c, behind one constant descriptor; main.c is a table.
 *
 * A command prints what it has to say itself and returns the exit status of fdtrace. Wrong usage and unreadable input
 * are one line on standard error (what, where, what to do) and EXIT_USAGE.
 */
#ifndef FDTRACE_COMMAND_H
#define FDTRACE_COMMAND_H

#include "options.h"

enum {
    EXIT_USAGE = 2,     /* wrong usage, or input that cannot be read                     */
    EXIT_UNTRACED = 3   /* --require-traced, and an image of the tree could not be traced */
};

struct command {
    const char *name;
    const char *usage;                               /* what follows "fdtrace NAME "             */
    const char *summary;                             /* one line for `fdtrace help`              */
    const struct command_option *const *options;     /* option tables for --help, NULL-terminated */
    int (*run)(const struct command *command, int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command command_run, command_report, command_ls, command_why, command_diff;

/* "fdtrace NAME: MESSAGE (fdtrace NAME --help shows the usage)" on standard error; returns EXIT_USAGE. */
int command_usage_error(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "fdtrace NAME: MESSAGE" on standard error; returns EXIT_USAGE. */
int command_error(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What --help prints, on standard output; returns 0. */
int command_help(const struct command *command);

#endif
