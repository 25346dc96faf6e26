/* The options of include/fdtrace/options.def, as the preload half reads them from FDTRACE_OPTIONS. */
#ifndef FDTRACE_OPTION_H
#define FDTRACE_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#define OPTION_TEXT_SIZE 512

struct options {
#define TEXT(key)   char key[OPTION_TEXT_SIZE]
#define NUMBER(key) uint64_t key
#define FLAG(key)   bool key
#define FDT_OPTION(key, type, standard, help) type(key);
#include "fdtrace/options.def"
#undef FDT_OPTION
#undef TEXT
#undef NUMBER
#undef FLAG
};

extern struct options options;

/*
 * Reads text (may be NULL) over the defaults. An unknown key or an unusable value is told on standard error, one line
 * each, and skipped: a bad option never stops the program.
 */
void options_read(const char *text);

#endif
