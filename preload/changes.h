/*
 * Changes: what a child does to its copy of our table between its birth and the exec of another program, while it has no
 * segment of its own: a vfork child's calls (borrow.h), or the file actions given to posix_spawn.
 *
 * Only what differs from our own table is listed, so most children cost a few entries, and one that closes everything costs
 * one word. A list that runs full makes the changes blind: then nothing can be said about what crossed, and nothing is.
 */
#ifndef FDTRACE_CHANGES_H
#define FDTRACE_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

/* One number that is not what it is in our table. */
struct change {
    int32_t  fd;
    int32_t  from;         /* the number here whose lifetime the child has there; -1: one of its own making */
    uint32_t generation;   /* of that lifetime */
    bool     open;
    bool     cloexec;
    bool     meant;        /* put there, or its flag cleared, on purpose */
};

struct changes {
    struct change *list;
    uint32_t count, room;
    uint32_t closed_from;  /* from here upwards all is closed but what the list says */
    bool     blind;
};

/* No changes yet; list has room for that many. */
void changes_begin(struct changes *changes, struct change *list, uint32_t room);

/* Each does to the child's table what the call of that name does to a table. Numbers may be anything. */
void changes_close(struct changes *changes, int fd);
void changes_close_range(struct changes *changes, unsigned first, unsigned last);
void changes_copy(struct changes *changes, int from, int to, bool cloexec);
void changes_open(struct changes *changes, int fd, bool cloexec, bool meant);
void changes_flag(struct changes *changes, int fd, bool cloexec);
void changes_flag_range(struct changes *changes, unsigned first, unsigned last);

/* The entry of fd, or NULL when it is as our table has it. */
const struct change *changes_find(const struct changes *changes, int fd);

#endif
