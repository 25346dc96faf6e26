/*
 * fdtrace ls: the descriptors of a running process, what the kernel says beside what the trace says.
 *
 * Nouns
 *   look     the kernel's list, and right after it the segment. Two looks that agree about a number frame a moment at
 *            which both were true: only such a row is tagged.
 *   row      one number that either of them calls open.
 *   tag      how the two go together (DESIGN: live reconciliation). JSON calls it `state`.
 */
#ifndef FDTRACE_LS_H
#define FDTRACE_LS_H

#include "live/live.h"
#include "model.h"

#include <stdio.h>

enum ls_tag {
#define LS_TAG(symbol, name, meaning) LS_##symbol,
#include "ls/tags.def"
#undef LS_TAG
    LS_TAG_COUNT
};

struct ls_row {
    int fd;
    enum ls_tag tag;
    enum fdt_kind kind;
    const char *name;                     /* the kernel's, else the trace's; "" none */
    const struct live_descriptor *kernel; /* NULL: not open */
    bool traced;                          /* the trace calls it open; then trace and where hold */
    struct descriptor trace;
    const struct model_frame *where;      /* of the birth: where people should look first; NULL unknown */
    unsigned calm;                        /* how many looks in a row agreed with the one before */
};

struct ls_view {
    struct live live;
    struct model model;
    const struct image *image;            /* NULL: not traced */
    char reason[1024];                    /* why not, when that needs saying; else "" */
    struct ls_row *rows;
    size_t count;
};

/* 0, or negative errno with one line in error. */
int ls_read(struct ls_view *view, int pid, char *error, size_t error_size);
void ls_free(struct ls_view *view);

const char *ls_tag_name(enum ls_tag tag);
const char *ls_tag_meaning(enum ls_tag tag);

/* One column of the table, and one field of each descriptor in JSON. */
struct ls_column {
    const char *heading;                  /* in text, and what --columns calls it */
    const char *field;                    /* in JSON */
    unsigned width;                       /* at least */
    bool right;                           /* aligned */
    enum { LS_ASKED, LS_ALWAYS, LS_TRACED } shown; /* in text without --columns */
    const char *help;
    void (*text)(FILE *out, const struct ls_row *row); /* raw; whoever prints it escapes it */
    struct json_t *(*json)(const struct ls_row *row);
};

extern const struct ls_column ls_columns[]; /* ends with a NULL heading */

enum { LS_COLUMNS_MAX = 32 };
/* What to print: "fd,kind" in any case. 0, or -EINVAL with one line in error. NULL: what is shown by default. */
int ls_choose_columns(const struct ls_column **chosen, const char *words, bool traced, char *error, size_t error_size);
void ls_write_text(FILE *out, const struct ls_view *view, const struct ls_column *const *columns, bool colored);
/* 0 or -ENOMEM. */
int ls_write_json(FILE *out, const struct ls_view *view);

#endif
