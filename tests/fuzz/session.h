/*
 * What the targets share that read whole sessions: the folder an input stands for, and what each format promises. The
 * input holds the recordings one after the other, each from its magic on, and perhaps a recorded command line, after
 * "COMMAND\n".
 *
 * A module at SESSION_LIBRARY is a small shared object with lines, inlined calls and a build id of twenty twos.
 */
#ifndef FDTRACE_TESTS_FUZZ_SESSION_H
#define FDTRACE_TESTS_FUZZ_SESSION_H

#include "report.h"

#include <stddef.h>
#include <stdint.h>

#define SESSION_COMMAND "COMMAND\n"
enum { SESSION_MAGIC = 8, SESSION_PIECES = 4 };
/* The same name on every machine, so that inputs can hold it. */
enum { SESSION_LIBRARY_FD = 100 };
#define SESSION_LIBRARY "/proc/self/fd/100"

/* The first magic at or after from, of a recording or of a command; end if there is none. */
const uint8_t *session_piece(const uint8_t *from, const uint8_t *end);
/* Replaces the session by this one, and returns its folder. */
const char *session_make(const uint8_t *data, size_t size);

/* What a format is read by. */
enum session_promise { PROMISE_NONE, PROMISE_JSON, PROMISE_XML, PROMISE_TAME };
struct session_format {
    const char *name;
    enum session_promise promise;
};
extern const struct session_format session_formats[];
enum { SESSION_FORMATS = 14 };
/* Aborts where the text breaks the format's promise. */
void session_check(const struct session_format *format, const char *text, size_t size);
/* The same for an error that came instead of a report: as it is printed, it is one tame line. */
void session_check_error(const char *error);

/* Options of every report: all there is to say, in no colour. stream: where a report without a file goes. */
void session_options(struct report_options *options, FILE *stream);
/* An option by its long name. */
void session_option(struct report_options *options, const char *name, const char *value);

#endif
