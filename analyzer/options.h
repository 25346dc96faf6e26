/*
 * Options: the command line, and their equals in FDTRACE_OPTIONS.
 *
 * A command describes its options in tables of struct command_option and walks argv with option_next. Parsing,
 * --help and "did you mean" all read the same tables, so they cannot disagree.
 */
#ifndef FDTRACE_OPTIONS_H
#define FDTRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every command answers to it; option_next knows it without a table. Ids of a command's own options begin at 1. */
enum { OPTION_END = 0, OPTION_ERROR = -1, OPTION_OPERAND = -2, OPTION_HELP = -3 };

/* One option. A table of them ends with an entry whose name is NULL. */
struct command_option {
    const char *name;      /* long name without "--"              */
    char        letter;    /* short name, 0 for none              */
    int         id;        /* what option_next returns, positive  */
    const char *argument;  /* what --help calls it; NULL: a flag  */
    const char *help;
};

/* A walk over argv. Start with {.argc = argc, .argv = argv, .tables = ..., .index = 1}. */
struct option_reader {
    int    argc;
    char **argv;
    const struct command_option *const *tables;  /* NULL-terminated */
    int    index;          /* next element of argv; after OPTION_OPERAND that operand is argv[index - 1] */
    bool   only_operands;  /* "--" was seen */
    const char *value;     /* argument of the option, or the operand */
    const char *cluster;   /* rest of "-abc" */
    char   error[256];     /* after OPTION_ERROR */
};

/* The id of the next option, OPTION_OPERAND (value is the operand), OPTION_HELP, OPTION_END or OPTION_ERROR. */
int option_next(struct option_reader *reader);

/* The candidate closest to word, or NULL when none is near. candidates ends with NULL. */
const char *closest_word(const char *word, const char *const *candidates);

/* FDTRACE_OPTIONS, as include/fdtrace/options.def lists them. TEXT is an owned string, never NULL. */
struct environment_options {
#define FDT_OPTION_TEXT   char *
#define FDT_OPTION_NUMBER uint64_t
#define FDT_OPTION_FLAG   bool
#define FDT_OPTION(key, type, standard, help) FDT_OPTION_##type key;
#include "fdtrace/options.def"
#undef FDT_OPTION
#undef FDT_OPTION_TEXT
#undef FDT_OPTION_NUMBER
#undef FDT_OPTION_FLAG
};

/*
 * Reads text (may be NULL: all defaults). Unknown keys and bad values keep their defaults: the preload library has
 * already told the user. Returns 0 or -ENOMEM.
 */
int environment_options_read(struct environment_options *options, const char *text);
void environment_options_free(struct environment_options *options);

#endif
