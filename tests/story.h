/*
 * The story of one test: recordings that are made up, image by image, the session they stand in, the model made of it,
 * and what the rules found. A test process has one: suites take story_begin and story_end as .init and .fini.
 */
#ifndef FDTRACE_TESTS_STORY_H
#define FDTRACE_TESTS_STORY_H

#include "finding.h"
#include "model.h"
#include "rule.h"
#include "segment_maker.h"

extern char *session;               /* the folder */
extern struct segment_maker maker;  /* the image under construction; the first one is 42.1 */
extern struct model model;          /* these two: once judged */
extern struct findings findings;

void story_begin(void);
void story_end(void);

/* Adds the image under construction to the session and begins another one, a nanosecond later. */
void record(int next_pid, uint32_t next_image);

/* Reads the session and asks every rule. The ends are what somebody who waited for the processes knows. */
void judge_with(const struct known_end *ends, size_t end_count);
void judge(void);

/* The finding of this rule; the test fails unless there are how_many of them. NULL when that is 0. */
const struct finding *only(const char *rule, size_t how_many);

#endif
