/*
 * A hint for what was left without close-on-exec: the flag was set on a descriptor that had it already, while this one, born
 * beside it, went without. fcntl(a, F_SETFD, FD_CLOEXEC) written twice, and the second one meant b.
 */
#ifndef FDTRACE_RULES_FLAG_AGAIN_H
#define FDTRACE_RULES_FLAG_AGAIN_H

#include "finding.h"

/* Looks for such a call among what image recorded about what was born at site; adds it to the finding (set-again). */
void flag_again_find(struct finding *finding, const struct image *image, uint32_t site);
/* "; close-on-exec was set ... : was that one meant?"; nothing where nothing was found. Raw. */
void flag_again_put(FILE *suggestion, const struct finding *finding);

#endif
