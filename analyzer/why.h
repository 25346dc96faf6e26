/*
 * Why is it still open? Everybody who holds the open file behind one descriptor of a running process: in the traced tree and
 * outside of it, how each got it, and which of the copies keeps a pipe from its end or a port bound.
 *
 * Nouns
 *   object   what the descriptor leads to: a pipe (both its ends), a socket, an open file.
 *   holder   one descriptor of some process that leads to the same object.
 *   same     how sure that is: the very open file description (kcmp(2) says so, or the object has only one); else merely the
 *            same file, opened another time or not to be told apart without permission.
 */
#ifndef FDTRACE_WHY_H
#define FDTRACE_WHY_H

#include "live/live.h"
#include "model.h"

#include <stdio.h>

enum why_same { WHY_DESCRIPTION, WHY_OTHER_END, WHY_FILE };

struct why_holder {
    int pid, fd;
    char *exe;                     /* "" unknown */
    unsigned flags;                /* O_*, as fdinfo has them */
    enum why_same same;
    bool blocks;                   /* it keeps a pipe from its end, or from breaking */
    bool traced;                   /* then trace holds */
    struct descriptor trace;
};

struct why {
    struct live live;              /* of the process that was asked about */
    const struct live_descriptor *descriptor;
    struct why_holder *holders;    /* the one that was asked about first, then by process and number */
    size_t count;
    size_t unseen;                 /* processes that could not be looked into for want of permission */
    struct why_session *sessions;  /* the recordings that holders' stories come from */
};

/* 0, or negative errno with one line in error. */
int why_read(struct why *why, int pid, int fd, char *error, size_t error_size);
void why_free(struct why *why);

void why_write_text(FILE *out, const struct why *why);
/* 0 or -ENOMEM. */
int why_write_json(FILE *out, const struct why *why);

#endif
