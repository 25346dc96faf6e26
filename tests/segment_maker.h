/*
 * Builds segments in memory, by the header alone, for tests of the reading half: a story in a few lines, with no traced
 * process. The pointers reach into the image of the file, so a test may also write what no library would.
 */
#ifndef FDTRACE_TESTS_SEGMENT_MAKER_H
#define FDTRACE_TESTS_SEGMENT_MAKER_H

#include "fdtrace/segment.h"

#include <stddef.h>

struct segment_maker {
    char *memory;
    size_t size;
    struct fdt_header *header;
    struct fdt_slot *table;
    struct fdt_site *sites;
    uint64_t *frames;
    struct fdt_event *ring;
    struct fdt_incident *incidents;
    struct fdt_module *modules;
    char *calls;
    struct fdt_exec *execs;
    struct fdt_crossing *crossings;
    struct fdt_right *rights;
    struct fdt_thread *threads;
    uint64_t now;                    /* the clock of the story; every step takes a millisecond */
};

enum {
    MAKER_SLOTS = 8192, MAKER_SITES = 64, MAKER_FRAMES = 1024, MAKER_EVENTS = 256, MAKER_INCIDENTS = 16,
    MAKER_MODULES = 8, MAKER_CALLS = 512, MAKER_EXECS = 16, MAKER_CROSSINGS = 16, MAKER_RIGHTS = 16,
    MAKER_THREADS = 16
};
#define MAKER_CODE UINT64_C(0x400000)   /* where maker_begin puts the program's own module, /srv/app */

/* A running image of /srv/app, with the module it was loaded from. */
void maker_begin(struct segment_maker *maker, int pid, uint32_t image);
void maker_free(struct segment_maker *maker);

uint16_t maker_call(struct segment_maker *maker, const char *name);
void maker_module(struct segment_maker *maker, const char *path, uint64_t start, uint64_t bytes);
/* The site of call with these return addresses, innermost first, ended by 0. Every call makes a new one. */
uint32_t maker_site(struct segment_maker *maker, const char *call, const uint64_t *addresses);
/* A site with one frame at MAKER_CODE + offset. */
uint32_t maker_site_at(struct segment_maker *maker, const char *call, uint64_t offset);

/* A lifetime on fd; flags are FDT_CLOEXEC, FDT_INHERITED, ... Counts for its site unless inherited or adopted. */
struct fdt_slot *maker_birth(struct segment_maker *maker, int fd, uint32_t site, enum fdt_kind kind, const char *name,
                             uint64_t flags);
void maker_death(struct segment_maker *maker, int fd, uint32_t site);
struct fdt_incident *maker_incident(struct segment_maker *maker, enum fdt_incident_type type, int fd, uint32_t site,
                                    int error);
/* A thread called name had its first event now. Births, deaths and incidents are the main thread's: set their tid. */
void maker_thread(struct segment_maker *maker, int tid, const char *name);
/* The image has ended by exit(status). */
void maker_exit(struct segment_maker *maker, int status);

/* Writes the file. 0 or negative errno. */
int maker_write(const struct segment_maker *maker, const char *path);

#endif
