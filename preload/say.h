/*
 * One line on standard error, in one write(2), without stdio: "fdtrace: " and the pieces. Control characters in the
 * pieces are shown as '?', because some of them (paths, argv) come from outside.
 */
#ifndef FDTRACE_SAY_H
#define FDTRACE_SAY_H

#include <stddef.h>
#include <stdint.h>

/* A line under construction; what does not fit is cut. */
struct line {
    char   text[1024];
    size_t length;
};
void line_text(struct line *line, const char *text);
void line_number(struct line *line, int64_t number);
void line_hex(struct line *line, uint64_t number);
/* Adds the newline, writes it to fd and starts afresh. */
void line_end(struct line *line, int fd);

/* Pieces are strings; NULL ends them. */
void say(const char *first, ...) __attribute__((sentinel));

#endif
