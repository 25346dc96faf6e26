/*
 * Escaping: names from a traced program are untrusted. A file may be called "\033]0;owned\007"; printed as it stands it
 * would command the reader's terminal, and bytes that are no UTF-8 would make invalid JSON. Reports also end up in logs
 * that machines read: GitHub's runner obeys lines that begin with ::COMMAND, and ##[COMMAND] anywhere in a line.
 */
#ifndef FDTRACE_ESCAPE_H
#define FDTRACE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Decodes the UTF-8 character at text (NUL-terminated). Returns its length in bytes and the character, or 0 when the
 * bytes are no valid UTF-8 (overlong forms and surrogates included).
 */
size_t utf8_decode(const char *text, uint32_t *character);

/*
 * Writes text so that it is harmless on a terminal: control characters as \n, \t, \x1b; invalid bytes as \xff;
 * invisible format characters that reorder or hide text as \u{202e}, and so what no XML may hold; the first
 * character of ::COMMAND at the beginning or after a blank, and of ##[, as \x3a and \x23. Everything else as it is.
 */
void escape_print(FILE *out, const char *text);

/* A copy as escape_print writes it. The caller frees it. NULL: out of memory. */
char *escape_text(const char *text);

/* A copy that is valid UTF-8: invalid bytes as \xff, all else unchanged. The caller frees it. NULL: out of memory. */
char *escape_utf8(const char *text);

#endif
