/*
 * The model: everything a session says, in the terms reports use.
 *
 * Nouns
 *   image       one program in one process; id 1, 2, ... in the order they began. Traced ones have a segment.
 *   end         how an image ended: from its segment, from /proc, and from what the caller saw with waitpid.
 *   descriptor  one lifetime as a report shows it; its kind is never `unasked`.
 *   site        one stack of one image (image, site id). Sites of different images with the same code have equal keys.
 *   frame       one function of a stack; inlined ones count. Looked up only for what is reported, then remembered.
 *
 * The model owns all memory it hands out, until model_free. Times are the segment's (CLOCK_MONOTONIC, nanoseconds).
 */
#ifndef FDTRACE_MODEL_H
#define FDTRACE_MODEL_H

#include "segment_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum end_how { END_RUNNING, END_EXIT, END_SIGNAL, END_EXEC, END_KILLED, END_UNKNOWN /* not traced */ };

struct image_end {
    enum end_how how;
    int status;               /* END_EXIT: exit status; END_SIGNAL: signal number */
};

/* How a process ended, as its parent saw it. Belongs to the last image of that pid. */
struct known_end {
    int pid;
    struct image_end end;
};

struct image;

struct descriptor {
    const struct image *image;
    int fd;
    uint32_t generation;
    uint64_t state;                /* FDT_LIVE, FDT_CLOEXEC, ... */
    const struct fdt_life *life;   /* into the segment; name is NUL-terminated */
    enum fdt_kind kind;
    uint32_t used;                 /* slot.used, of what is open; see descriptor_use */
};

/* What is known of a lifetime's uses. libc's own, inside the calls for a FILE or DIR, are not seen. */
enum descriptor_use { USE_UNKNOWN, USE_NEVER, USE_TIMED };

struct image {
    uint32_t id;
    struct model *model;           /* it belongs to */
    struct segment *segment;       /* NULL: not traced */
    int pid, ppid;
    uint32_t number;               /* 1 for the first image of its pid */
    enum fdt_how how;
    const struct image *predecessor;
    const struct fdt_exec *launch; /* in the predecessor's segment: what started this program; NULL: a fork, or unknown */
    const struct sent_right *sources; /* of each of segment->rights: the send it came from; see rights.h */
    struct { int pid; uint32_t number; } launched_by; /* not traced: the image whose record tells of it; pid 0 none */
    const char *exe;               /* full path, "" when unknown */
    const char *program;           /* its last component */
    const char *cwd;
    const char *const *argv;
    size_t argc;
    const char *untraced_reason;   /* NULL when traced */
    struct image_end end;
    bool judged;                   /* it is running, and what it has open is judged all the same */
    uint64_t start_ns, end_ns;     /* end_ns: when it ended, else the last moment known */
    struct descriptor *open;       /* at the end, by number */
    size_t open_count;
    uint64_t births, deaths, peak, events, dropped;
};

/* One function of a stack, as symbol.c found it. Strings live as long as the model. NULL when unknown. */
struct model_frame {
    const char *function;
    const char *file;
    unsigned line;
    bool inlined;
    const char *module;            /* path, or NULL: an address in no module */
    const char *build_id;          /* hex */
    uint64_t offset;               /* in the module's own terms; the bare address when module is NULL */
};

/* A stack, innermost frame first. */
struct model_stack {
    const struct model_frame *frames;
    size_t count;
    bool cut;                      /* it went on beyond the frames that were recorded */
    bool stuck;                    /* cut, and not for want of depth: the way to the next frame was not found */
    bool via_syscall;
};

struct model {
    struct image *images;
    size_t image_count;
    const char *const *command;    /* of the session: what `fdtrace run` was given; NULL when not recorded */
    size_t command_argc;
    unsigned limit_near;           /* percent of the soft limit above which a program is near it; 100: nobody is */
    struct model_private *private;
};

/*
 * Loads session folders and segment files. 0, or negative errno with one line in error: what, where, what to do.
 */
int model_load(struct model *model, const char *const *paths, size_t count, const struct known_end *ends,
               size_t end_count, char *error, size_t error_size);
void model_free(struct model *model);

/* The frames of a site, looked up now. An empty stack for site 0 and when memory is short. */
struct model_stack model_stack(struct model *model, const struct image *image, uint32_t site);
/* Equal for the same call and the same code in any image, never 0. A site 0 has only its call to tell it by. */
uint64_t model_site_key(struct model *model, const struct image *image, uint32_t site, uint16_t call);
/* The key of the site a descriptor was born at. */
uint64_t model_birth_key(struct model *model, const struct descriptor *descriptor);

/* What a descriptor is, from a slot's or incident's life: the kind resolved, everything else as it stands. */
struct descriptor model_descriptor(const struct image *image, int fd, uint32_t generation, uint64_t state,
                                   const struct fdt_life *life);
/* Its kind, resolved from its life alone: by the path it was opened with, or by what its sender had. */
enum fdt_kind model_kind(const struct descriptor *descriptor);

/*
 * Its name, "" when it has none. A received one has none of its own, and goes by the name it had where it was born, as far as
 * its way is known. Never NULL; in the segment's memory.
 */
const char *descriptor_name(const struct descriptor *descriptor);
/* The absolute path its name stands for, seen from the image's first working directory. False: no telling. */
bool descriptor_path(const struct descriptor *descriptor, char *path, size_t size);
/* "open", "inherited", "hidden" or "ignored"; "closed" for a lifetime that has ended. */
const char *descriptor_state(const struct descriptor *descriptor);
/* Public name of the call that made it; NULL when unseen. */
const char *descriptor_call(const struct descriptor *descriptor);
/* Seconds since the image began, and from birth to the image's end. */
double model_seconds(const struct image *image, uint64_t ns);
double descriptor_age(const struct descriptor *descriptor);

/* USE_TIMED: seconds from the image's start to its latest use, within a hundredth of one. */
enum descriptor_use descriptor_use(const struct descriptor *descriptor, double *seconds);

const char *kind_name(enum fdt_kind kind);
const char *owner_name(unsigned owner);
const char *owner_end(unsigned owner);   /* the call that ends it: "fclose" */
const char *end_name(enum end_how how);

#endif
