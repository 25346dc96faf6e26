/* Making, mapping and growing the segment. See store.h. */
#include "store.h"

#include "folder.h"
#include "image.h"
#include "layout.h"
#include "raw.h"

#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

#define PAGE        4096u
#define CHUNK_BYTES (32u * 1024) /* a part's smallest growth but its first, which is a page: start-up pays for pages */

struct store store TOGETHER;
_Static_assert(STORE_PAGE_SLOTS * sizeof(struct fdt_slot) == PAGE, "a page of the table");

static bool populates = true; /* the kernel knows MADV_POPULATE_WRITE */

/* FOLDER/PID.IMAGE.fdt with the first free image number. The descriptor, or -errno. */
static int create_file(struct store *new, uint32_t *image)
{
    int fd = -EEXIST;
    for (*image = 1; fd == -EEXIST && *image < 100000; ++*image) {
        folder_name_file(new->folder, new->path, (int)raw(getpid), *image);
        fd = raw_open(new->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    }
    --*image;
    return fd;
}

/* Raises a soft limit to the hard one for as long as we make the file; growing it past RLIMIT_FSIZE is a SIGXFSZ. */
static void lift(int resource, const struct rlimit *old)
{
    struct rlimit lifted = {.rlim_cur = old->rlim_max, .rlim_max = old->rlim_max};
    if (old->rlim_cur != old->rlim_max)
        raw(prlimit64, 0, resource, &lifted, NULL);
}

static void lower(int resource, const struct rlimit *old)
{
    if (old->rlim_cur != old->rlim_max)
        raw(prlimit64, 0, resource, old, NULL);
}

static void *map_file(struct store *new, const struct limits *limits, uint32_t *image, const char **reason)
{
    void *memory = NULL;
    lift(RLIMIT_FSIZE, &limits->file);
    lift(RLIMIT_NOFILE, &limits->nofile);
    if (limits->file.rlim_max != RLIM_INFINITY && limits->file.rlim_max < new->size) {
        *reason = "the file size limit (RLIMIT_FSIZE) is too low for a recording";
    } else {
        int fd = create_file(new, image);
        if (fd < 0) {
            *reason = fd == -EMFILE || fd == -ENFILE ? "no descriptor was free to create the recording"
                                                     : "the session folder cannot be written";
        } else {
            if (raw(ftruncate, fd, new->size) != 0)
                *reason = "the recording's file cannot be grown";
            else if ((memory = raw_map(new->size, MAP_SHARED, fd)) == NULL)
                *reason = "the recording cannot be mapped";
            raw(close, fd);
            if (memory == NULL)
                raw(unlinkat, AT_FDCWD, new->path, 0);
        }
    }
    lower(RLIMIT_NOFILE, &limits->nofile);
    lower(RLIMIT_FSIZE, &limits->file);
    return memory;
}

static bool populate(void *address, size_t length)
{
    uintptr_t start = (uintptr_t)address & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = ((uintptr_t)address + length + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    return raw(madvise, start, end - start, MADV_POPULATE_WRITE) == 0;
}

/* Two threads may secure the same pages; populating is idempotent, and the mark only moves up. */
static void move_up(uint32_t *mark, uint32_t to)
{
    uint32_t from = __atomic_load_n(mark, __ATOMIC_RELAXED);
    while (from < to &&
           !__atomic_compare_exchange_n(mark, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        ;
}

/* Tells the readers how far a part has memory. */
static void publish(enum fdt_part_id part, uint32_t end)
{
    move_up(&store.secured[part], end);
    __atomic_store_n(&store.header->secured[part], __atomic_load_n(&store.secured[part], __ATOMIC_ACQUIRE),
                     __ATOMIC_RELEASE);
}

/* Pages [first, last] of the table have memory now. */
static void mark_pages(uint32_t first, uint32_t last)
{
    for (uint32_t page = first; page <= last; page++)
        __atomic_fetch_or(&store.table_pages[page / 8], 1u << page % 8, __ATOMIC_RELEASE);
}

/* Growth is rare because it comes in runs, the longer the higher the number; and no run goes beyond the table. */
bool store_secure_slot(uint32_t fd)
{
    uint32_t count = store.count[FDT_PART_TABLE];
    if (fd >= count || !populates || (store.header->flags & FDT_HEADER_FILTERED) != 0)
        return false;
    uint32_t first = fd / STORE_PAGE_SLOTS, last = first + first / 8, end = (count - 1) / STORE_PAGE_SLOTS;
    last = last < end ? last : end;
    if (!populate((char *)store.table + (size_t)first * PAGE, (size_t)(last - first + 1) * PAGE))
        return false;
    mark_pages(first, last);
    publish(FDT_PART_TABLE, (last + 1) * STORE_PAGE_SLOTS);
    return true;
}

/*
 * Secures the header, the names of the calls and the table's first slots, which lie side by side; the rest when it is
 * first used. Kernels before 5.14 answer EINVAL to MADV_POPULATE_WRITE; there we ask the file system for a fixed share of
 * each part now, through a second descriptor that lives only here, and never grow.
 */
static bool secure_beginnings(struct store *new, const struct fdt_part parts[FDT_PART_COUNT])
{
    const uint64_t first = parts[FDT_PART_TABLE].offset + PAGE /* of slots: what a small program needs */;
    populates = populate(new->header, first);
    if (populates) {
        new->secured[FDT_PART_CALLS] = parts[FDT_PART_CALLS].count;
        new->secured[FDT_PART_TABLE] = STORE_PAGE_SLOTS;
        return true;
    }
    int fd = new->path[0] != '\0' ? raw_open(new->path, O_RDWR | O_NOFOLLOW, 0) : -1;
    bool done = fd >= 0 && raw(fallocate, fd, 0, 0, first) == 0;
    for (int i = 0; done && i < FDT_PART_COUNT; i++) {
        uint32_t count = parts[i].count < 4096 ? parts[i].count : 4096;
        if (i == FDT_PART_RING)
            continue;
        done = raw(fallocate, fd, 0, parts[i].offset, (uint64_t)count * parts[i].entry_size) == 0;
        new->secured[i] = count;
    }
    for (uint32_t shard = 0; done && shard < FDT_SHARDS; shard++) {
        uint32_t count = new->shard_size < 1024 ? new->shard_size : 1024;
        uint64_t offset = parts[FDT_PART_RING].offset + (uint64_t)shard * new->shard_size * sizeof(struct fdt_event);
        done = raw(fallocate, fd, 0, offset, count * sizeof(struct fdt_event)) == 0;
        new->shard_secured[shard] = count;
        new->secured[FDT_PART_RING] = shard * new->shard_size + count;
    }
    if (fd >= 0)
        raw(close, fd);
    return done;
}

static void point_into(struct store *new, char *base, const struct fdt_part *parts)
{
    new->header = (struct fdt_header *)base;
    new->table = (struct fdt_slot *)(base + parts[FDT_PART_TABLE].offset);
    new->sites = (struct fdt_site *)(base + parts[FDT_PART_SITES].offset);
    new->frames = (uint64_t *)(base + parts[FDT_PART_FRAMES].offset);
    new->ring = (struct fdt_event *)(base + parts[FDT_PART_RING].offset);
    new->incidents = (struct fdt_incident *)(base + parts[FDT_PART_INCIDENTS].offset);
    new->modules = (struct fdt_module *)(base + parts[FDT_PART_MODULES].offset);
    new->calls = base + parts[FDT_PART_CALLS].offset;
    new->execs = (struct fdt_exec *)(base + parts[FDT_PART_EXECS].offset);
    new->crossings = (struct fdt_crossing *)(base + parts[FDT_PART_CROSSINGS].offset);
    new->rights = (struct fdt_right *)(base + parts[FDT_PART_RIGHTS].offset);
    new->threads = (struct fdt_thread *)(base + parts[FDT_PART_THREADS].offset);
    for (int i = 0; i < FDT_PART_COUNT; i++)
        new->count[i] = parts[i].count;
    new->shard_size = parts[FDT_PART_RING].count / FDT_SHARDS;
}

bool store_create(const char *folder, bool private_folder, const struct store_origin *origin, const char **reason)
{
    static struct store new; /* one process sets up at a time: the gate is BUSY */
    struct fdt_part parts[FDT_PART_COUNT];
    struct limits limits;
    uint32_t image = 1;
    void *memory = NULL;

    memset(&new, 0, offsetof(struct store, table_pages));
    limits_read(&limits);
    new.size = lay_out(parts, &limits);
    new.private_folder = private_folder;
    strncpy(new.folder, folder, STORE_PATH_SIZE - 1);
    *reason = NULL;
    if (origin->folder_exists && !folder_usable(new.folder))
        *reason = "the session folder has gone";
    else if (folder[0] != '\0' ? folder_make(new.folder) : folder_make_private(new.folder))
        memory = map_file(&new, &limits, &image, reason);
    else
        *reason = "the session folder cannot be made, or others may enter it";
    for (int attempt = 0; attempt < 2; attempt++) {
        if (memory == NULL) {
            new.path[0] = '\0';
            memory = raw_map(new.size, MAP_SHARED | MAP_ANONYMOUS, -1);
            attempt = 1;
        }
        if (memory == NULL)
            return false;
        /* A disk's file system reads ahead of a fault and clears what it read, up to 2 MiB: 2 ms against 35 us on ext4. */
        raw(madvise, memory, new.size, MADV_RANDOM);
        point_into(&new, memory, parts);
        if (secure_beginnings(&new, parts))
            break;
        raw(munmap, memory, new.size);
        if (new.path[0] != '\0')
            raw(unlinkat, AT_FDCWD, new.path, 0);
        memory = NULL;
        *reason = "there is no room for a recording (is the file system full?)";
        if (attempt == 1)
            return false;
    }
    raw(madvise, memory, new.size, MADV_DONTDUMP); /* a core file is about the program */
    image_introduce(&new, parts, &limits, origin, image);
    if (store.header != NULL) /* our parent's */
        memset(store.table_pages, 0, sizeof(store.table_pages));
    memcpy(&store, &new, offsetof(struct store, table_pages));
    mark_pages(0, (store.secured[FDT_PART_TABLE] - 1) / STORE_PAGE_SLOTS);
    return true;
}

void store_unmap(struct store *old)
{
    if (old->header != NULL)
        raw(munmap, old->header, old->size);
    old->header = NULL;
}

/* Gives memory to entry index of an array, and to all before it, of which *secured have some. The new mark; 0: none was given. */
static uint32_t grow(uint32_t *secured, char *base, uint32_t entry, uint32_t count, uint32_t index)
{
    uint32_t have = __atomic_load_n(secured, __ATOMIC_ACQUIRE);
    if (index < have)
        return have;
    if (index >= count || !populates || (store.header->flags & FDT_HEADER_FILTERED) != 0)
        return 0;
    uint32_t chunk = (have == 0 ? PAGE : CHUNK_BYTES) / entry;
    uint32_t eighth = have / 8; /* growth stays rare, and what is secured stays near what is used */
    uint64_t want = (uint64_t)have + (eighth > chunk ? eighth : chunk);
    if (want <= index)
        want = (uint64_t)index + chunk;
    if (want > count)
        want = count;
    if (!populate(base + (uint64_t)have * entry, (want - have) * entry))
        return 0;
    move_up(secured, (uint32_t)want);
    return (uint32_t)want;
}

bool store_secure_slowly(enum fdt_part_id part, uint32_t index)
{
    const struct fdt_part *layout = &store.header->parts[part];
    char *base = (char *)store.header + layout->offset;
    uint32_t end = grow(&store.secured[part], base, layout->entry_size, store.count[part], index);
    if (end != 0)
        publish(part, end);
    return end != 0;
}

bool store_secure_shard_slowly(uint32_t shard, uint32_t index)
{
    uint32_t first = shard * store.shard_size;
    uint32_t end = grow(&store.shard_secured[shard], (char *)(store.ring + first), sizeof(*store.ring), store.shard_size,
                        index);
    if (end != 0)
        publish(FDT_PART_RING, first + end);
    return end != 0;
}

void store_secure_ahead(void)
{
    static const uint32_t ahead[FDT_PART_COUNT] = {
        [FDT_PART_SITES] = 1024, [FDT_PART_FRAMES] = 16384, [FDT_PART_INCIDENTS] = 64,
        [FDT_PART_MODULES] = 32, [FDT_PART_EXECS] = 64, [FDT_PART_CROSSINGS] = 64,
    };
    for (uint32_t fd = 0; fd < store.header->high_water + 1024; fd += STORE_PAGE_SLOTS)
        if (!store_has_slot(&store, fd))
            store_secure_slot(fd);
    for (int part = 0; part < FDT_PART_COUNT; part++) {
        uint32_t have = __atomic_load_n(&store.secured[part], __ATOMIC_ACQUIRE);
        uint64_t want = (uint64_t)have + ahead[part];
        if (ahead[part] != 0)
            store_secure(part, want < store.count[part] ? (uint32_t)want : store.count[part] - 1);
    }
    for (uint32_t shard = 0; shard < FDT_SHARDS; shard++)
        store_secure_shard(shard, store.shard_size - 1);
}

uint32_t store_take(enum fdt_part_id part, uint32_t *next, uint32_t entries)
{
    uint32_t first = __atomic_load_n(next, __ATOMIC_RELAXED);
    do {
        if (entries > store.count[part] || first > store.count[part] - entries ||
            !store_secure(part, first + entries - 1))
            return UINT32_MAX;
    } while (!__atomic_compare_exchange_n(next, &first, first + entries, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return first;
}
