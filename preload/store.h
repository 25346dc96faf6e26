/*
 * The store: this image's segment, mapped. Layout and meaning: fdtrace/segment.h.
 *
 * The file is created, mapped and closed again; no descriptor stays. Space is secured before it is touched, so that a
 * full tmpfs is an answer to madvise and not a SIGBUS in the program: MADV_POPULATE_WRITE (Linux 5.14), or, before that,
 * one fallocate at the start and no growth afterwards.
 */
#ifndef FDTRACE_STORE_H
#define FDTRACE_STORE_H

#include "fdtrace/segment.h"
#include "hook.h"

#define STORE_PATH_SIZE 512

#define STORE_SLOTS_MAX  (1u << 20)
#define STORE_PAGE_SLOTS 16u   /* slots of one page */

struct store {
    struct fdt_header   *header;     /* NULL: nothing is mapped */
    struct fdt_slot     *table;
    struct fdt_site     *sites;
    uint64_t            *frames;
    struct fdt_event    *ring;
    struct fdt_incident *incidents;
    struct fdt_module   *modules;
    char               *calls;
    struct fdt_exec     *execs;
    struct fdt_crossing *crossings;
    struct fdt_right    *rights;
    struct fdt_thread   *threads;
    uint32_t shard_size;              /* ring entries of one shard, a power of two */
    uint32_t count[FDT_PART_COUNT];   /* capacities, ours: the header's copy could be scribbled over */
    uint32_t secured[FDT_PART_COUNT]; /* atomic; of the table, where its last secured page ends; of the ring, nothing */
    uint32_t shard_secured[FDT_SHARDS]; /* atomic; of the ring, each shard by itself: most programs use the first alone */
    size_t   size;
    bool     private_folder;          /* the folder is ours to remove at a clean end */
    char     folder[STORE_PATH_SIZE];
    char     path[STORE_PATH_SIZE];   /* "" for an anonymous segment */
    /*
     * One bit for each page of the table that has memory. Numbers may lie far apart (a shell keeps its script at 255), and a
     * page costs microseconds: what lies between is not paid for. Atomic, bits are only ever set. Two pages by itself, of
     * which a start must touch only the first: last, and never copied with the rest.
     */
    uint8_t  table_pages[STORE_SLOTS_MAX / STORE_PAGE_SLOTS / 8];
};
extern struct store store;

/* What a new segment is for. */
struct store_origin {
    bool         folder_exists;   /* somebody else made the folder: when it has gone, it is not made anew */
    enum fdt_how how;
    int          predecessor_pid;
    uint32_t     predecessor_image;
};

/*
 * Creates and maps a segment in folder (made when missing), for the calling process. On failure to make a file it falls
 * back to anonymous shared memory, and says why through *reason (a literal); false when even that is impossible.
 */
bool store_create(const char *folder, bool private_folder, const struct store_origin *origin, const char **reason);
/* Forgets the mapping without touching the file (a child leaves its parent's). */
void store_unmap(struct store *old);

/* Makes sure that entry index of part has memory. False: there is none, and there will be none. */
bool store_secure_slowly(enum fdt_part_id part, uint32_t index);
static inline bool store_secure(enum fdt_part_id part, uint32_t index)
{
    return LIKELY(index < __atomic_load_n(&store.secured[part], __ATOMIC_ACQUIRE)) || store_secure_slowly(part, index);
}

/* The same for an entry of one of the ring's shards. */
bool store_secure_shard_slowly(uint32_t shard, uint32_t index);
static inline bool store_secure_shard(uint32_t shard, uint32_t index)
{
    return LIKELY(index < __atomic_load_n(&store.shard_secured[shard], __ATOMIC_ACQUIRE)) ||
           store_secure_shard_slowly(shard, index);
}

/* Has the slot of fd memory? */
static inline bool store_has_slot(const struct store *any, uint32_t fd)
{
    uint32_t page = fd / STORE_PAGE_SLOTS;
    return fd < any->count[FDT_PART_TABLE] &&
           (__atomic_load_n(&any->table_pages[page / 8], __ATOMIC_ACQUIRE) >> page % 8 & 1);
}
/* Makes sure that it has. False: there is none, and there will be none. */
bool store_secure_slot(uint32_t fd);

/* Secures what the rest of a program's life may need, because from now on nothing can grow. */
void store_secure_ahead(void);

/* The next free entry of a part whose position is *next (in the header), or UINT32_MAX when it is full. */
uint32_t store_take(enum fdt_part_id part, uint32_t *next, uint32_t entries);

/* CLOCK_MONOTONIC, nanoseconds, without a system call (clock.c). Never goes back within a process; async-signal-safe. */
uint64_t store_now(void);
/* In a forked child: what another thread of the parent had in hand is dropped. */
void store_clock_forked(void);

#endif
