/* Limits and their holders, as text. */
#ifndef FDTRACE_OUT_LIMITS_TEXT_H
#define FDTRACE_OUT_LIMITS_TEXT_H

#include "finding.h"

#include <stdio.h>

/* A line about the limits and one for each site that held descriptors then. Nothing for findings without limits. */
void limits_put(FILE *out, const struct finding *finding);

#endif
