/* The images of a session as a tree: which came of which, how each began and ended. */
#ifndef FDTRACE_OUT_TREE_H
#define FDTRACE_OUT_TREE_H

#include "model.h"

#include <stdio.h>

/* At most `most` lines, and one that says how many are left out. Names are escaped. */
void tree_print(FILE *out, const struct model *model, size_t most);

#endif
