/* One line of the user's source, to show beside a finding. */
#ifndef FDTRACE_OUT_SOURCE_H
#define FDTRACE_OUT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies line `line` of file without its indentation and newline. False when the file is not there, or was changed
 * after `module` was built: a wrong line is worse than none.
 */
bool source_line(const char *file, unsigned line, const char *module, char *text, size_t size);

#endif
