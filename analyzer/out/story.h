/* The story of a descriptor in a few words of text: whom it came from, and where it was born. */
#ifndef FDTRACE_OUT_STORY_H
#define FDTRACE_OUT_STORY_H

#include "lineage.h"

#include <stdio.h>

/* conn.c:88, else libfoo.so+0x1234: enough for addr2line on any machine. cwd: a folder to leave out, "" none. Escaped. */
void story_location(FILE *out, const struct model_frame *frame, const char *cwd);
/*
 * Each way it came, before and after in front of and behind each phrase: "inherited by fork from server (process 12)",
 * "received from broker (process 7), where it was descriptor 4, opened at conn.c:88". Nothing for one that was born here.
 */
void story_ways(FILE *out, const struct descriptor *descriptor, const char *before, const char *after);
/* "opened in load() at conn.c:88 by server (process 12)"; false, and nothing printed, when the birth was not seen. */
bool story_birth(FILE *out, const struct descriptor *descriptor);

#endif
