/*
 * Suppressions that programs and libraries bring along (fdtrace.h tells how they are written), read from their files:
 *
 *     the section fdtrace_suppressions       FDTRACE_SUPPRESSIONS("..."); it survives strip(1)
 *     fdtrace_default_suppressions()         which the traced program called; the recording has the address of
 *                                            its answer, a string constant of the file
 */
#ifndef FDTRACE_EMBEDDED_H
#define FDTRACE_EMBEDDED_H

#include "suppress.h"

/*
 * Appends what the modules of all images bring, each file once. 0, or negative errno with one line in error. A file
 * that is gone, damaged, or another one than was traced brings nothing.
 */
int embedded_suppressions(struct suppressions *list, const struct model *model, char *error, size_t error_size);

#endif
