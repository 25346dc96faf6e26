/*
 * Words: the phrases that rules and writers share, so that a file is "a file" everywhere. All text goes out raw;
 * whoever prints it escapes it.
 */
#ifndef FDTRACE_WORDS_H
#define FDTRACE_WORDS_H

#include "finding.h"

/* What a finding is about: file "/etc/passwd"; 5000 files; 3 descriptors (when their kinds differ). */
void words_things(FILE *out, const struct finding *finding);
/* One descriptor: file "/etc/passwd", pipe, socket-inet "127.0.0.1:80" as people say it. */
void words_thing(FILE *out, const struct descriptor *descriptor);
/* How a call brings a descriptor about: "opened", "accepted", "duplicated", "received", "created". */
const char *words_birth(const char *call);
/* " in load()": the function of the program's own that was at work; nothing when it has no name. */
void words_place(FILE *out, const struct finding *finding, const struct finding_stack *stack);
/*
 * ", by thread 4242 "worker-3"": which thread it was, where the finding has more than a main thread to tell apart; else
 * nothing.
 */
void words_thread(FILE *out, const struct finding *finding, const struct finding_stack *stack);
/* load(): a function's name as people write it. A C++ or Rust name brings its own parentheses. */
void words_function(FILE *out, const char *function);
/* 7; 3-5002; 3, 5-9 and 120 more. In the order given. */
void words_numbers(FILE *out, const struct descriptor *descriptors, size_t count);

#endif
