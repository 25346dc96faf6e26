/*
 * Reading a segment: from a file that a traced process wrote, and may still be writing, into private memory.
 *
 * The file is hostile: it may be cut short, damaged, made up, or changing under us. So it is never mapped (a file
 * truncated under a mapping is a SIGBUS) but copied, part by part, only as far as memory was secured and used. What
 * segment_open hands out has been put in order once, so that nobody else needs to check again:
 *
 *   every string ends with NUL; every kind and owner is one we know; every site id and call id is in range;
 *   a site's frames lie inside `frames`; an unpublished site (0 is one) only counts births and deaths;
 *   incidents, modules, crossings and threads that were never published, or were taken back, are gone;
 *   an exec's text holds its path and argc arguments, each ended by NUL.
 */
#ifndef FDTRACE_SEGMENT_READER_H
#define FDTRACE_SEGMENT_READER_H

#include "fdtrace/segment.h"

#include <stddef.h>
#include <sys/types.h>

struct segment {
    char *path;
    dev_t device;
    ino_t inode;
    uid_t owner;                      /* of the file */
    struct fdt_header header;         /* ours to read; counts in it are as the file has them, use the ones below */
    struct fdt_slot *slots;           /* index: descriptor number */
    uint32_t slot_count;
    struct fdt_site *sites;           /* index: site id; 0 is "no stack" */
    uint32_t site_count;
    uint64_t *frames;
    uint32_t frame_count;
    struct fdt_incident *incidents;
    uint32_t incident_count;
    struct fdt_module *modules;
    uint32_t module_count;
    char *calls; /* ends with a NUL, whatever the file says */
    uint32_t call_count;
    struct fdt_exec *execs;           /* index: as crossings name it; those with commit 0 tell nothing */
    uint32_t exec_count;
    struct fdt_crossing *crossings;
    uint32_t crossing_count;
    struct fdt_right *rights;         /* in the order of their sequence */
    uint32_t right_count;
    uint64_t rights_dropped;          /* written over since */
    struct fdt_thread *threads;       /* by number, then by first event */
    uint32_t thread_count;
    uint64_t events, dropped;         /* ever recorded, and no longer in the ring */
};

/*
 * Reads path. 0; or negative errno with one line in error: -ENODATA for a file whose recording never began (its process
 * died while making it), -EPROTO for one a newer fdtrace made, -EBADMSG for what is no segment or is damaged.
 */
int segment_open(const char *path, struct segment **segment, char *error, size_t error_size);
/* The same for a member of a folder, an open one; path names it in errors. A symbolic link is refused: -EBADMSG. */
int segment_open_member(int folder, const char *name, const char *path, struct segment **segment, char *error,
                        size_t error_size);
void segment_free(struct segment *segment);

/* The public name of a call, or NULL for FDT_NO_CALL. */
const char *segment_call(const struct segment *segment, uint16_t call);

/* What the thread that had this number at that time was called; NULL: unknown. The segment's own, and untrusted. */
const char *segment_thread_name(const struct segment *segment, int tid, uint64_t ns);

/* The module that lay at address while the site's epoch lasted, or NULL. */
const struct fdt_module *segment_module(const struct segment *segment, uint64_t address, uint32_t epoch);

#endif
