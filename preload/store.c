/* Making, mapping and growing the segment. See store.h. */
#include "store.h"

#include "option.h"
#include "raw.h"
#include "vdso.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

#define PAGE        4096u
#define SLOTS_USUAL 131072u      /* a table's numbers, unless max_fds= says otherwise */
#define SLOTS_SMALL 4096u        /* the same, where the address space is limited */
#define SHRINK_MOST 4            /* halvings of every part, while it takes too much of a limited address space */
#define CHUNK_BYTES (32u * 1024) /* a part's smallest growth but its first, which is a page: start-up pays for pages */

struct store store TOGETHER;
_Static_assert(STORE_PAGE_SLOTS * sizeof(struct fdt_slot) == PAGE, "a page of the table");

static bool populates = true; /* the kernel knows MADV_POPULATE_WRITE */

static uint64_t realtime_now(void)
{
    struct timespec now = vdso_time(CLOCK_REALTIME);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t clamp(uint64_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : (uint32_t)value;
}

static uint32_t power_of_two(uint32_t value)
{
    uint32_t power = 1;
    while (power < value)
        power <<= 1;
    return power;
}

/* How much of a limited resource is left to us; UINT64_MAX: it is not limited. */
static uint64_t limit_on(int resource, bool hard)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    raw(prlimit64, 0, resource, NULL, &limit);
    rlim_t least = hard ? limit.rlim_max : limit.rlim_cur;
    return least == RLIM_INFINITY ? UINT64_MAX : least;
}

/*
 * How many numbers to follow. Not only as many as the hard limit allows now: who may raise it will. But where the file
 * or the address space is limited, a table that is never used would take what others need.
 */
static uint32_t table_count(const struct rlimit *nofile)
{
    bool space = limit_on(RLIMIT_AS, false) != UINT64_MAX, scarce = space || limit_on(RLIMIT_FSIZE, true) != UINT64_MAX;
    if (options.max_fds != 0)
        return clamp(options.max_fds, 256, STORE_SLOTS_MAX);
    return clamp(scarce ? nofile->rlim_max : SLOTS_USUAL, 256, space ? SLOTS_SMALL : SLOTS_USUAL);
}

/* Halved shrink times; but the names of the calls stay, and so does room for the numbers that most programs use. */
static uint32_t halved(enum fdt_part_id part, uint32_t count, unsigned shrink)
{
    uint32_t least = part == FDT_PART_CALLS ? count : part == FDT_PART_TABLE ? 1024 : 16;
    return count >> shrink > least ? count >> shrink : count < least ? count : least;
}

/* Where the parts go, and the size of all. */
static uint64_t lay_out_smaller(struct fdt_part parts[FDT_PART_COUNT], const struct rlimit *nofile, unsigned shrink)
{
    uint32_t sites = clamp(options.sites, 64, 1u << 20);
    const struct { uint32_t count, size; } wanted[FDT_PART_COUNT] = {
        [FDT_PART_TABLE] = {table_count(nofile), sizeof(struct fdt_slot)},
        [FDT_PART_SITES] = {sites, sizeof(struct fdt_site)},
        [FDT_PART_FRAMES] = {sites * 16, sizeof(uint64_t)},
        [FDT_PART_RING] = {power_of_two(clamp(options.ring, 64, 1u << 24)), sizeof(struct fdt_event)},
        [FDT_PART_INCIDENTS] = {1024, sizeof(struct fdt_incident)},
        [FDT_PART_MODULES] = {1024, sizeof(struct fdt_module)},
        [FDT_PART_CALLS] = {(uint32_t)(__stop_fdt_hooks - __start_fdt_hooks), 1},
        [FDT_PART_EXECS] = {8192, sizeof(struct fdt_exec)},
        [FDT_PART_CROSSINGS] = {4096, sizeof(struct fdt_crossing)},
        [FDT_PART_RIGHTS] = {4096, sizeof(struct fdt_right)},
        [FDT_PART_THREADS] = {4096, sizeof(struct fdt_thread)},
    };
    /* What every image needs at once lies side by side, so that one madvise secures it (secure_beginnings). */
    static const enum fdt_part_id order[FDT_PART_COUNT] = {
        FDT_PART_CALLS, FDT_PART_TABLE, FDT_PART_SITES, FDT_PART_FRAMES, FDT_PART_RING, FDT_PART_INCIDENTS,
        FDT_PART_MODULES, FDT_PART_EXECS, FDT_PART_CROSSINGS, FDT_PART_RIGHTS, FDT_PART_THREADS,
    };
    uint64_t offset = FDT_HEADER_SIZE;
    for (int at = 0; at < FDT_PART_COUNT; at++) {
        enum fdt_part_id i = order[at];
        uint32_t count = halved(i, wanted[i].count, shrink);
        parts[i] = (struct fdt_part){offset, count, wanted[i].size};
        offset += ((uint64_t)count * wanted[i].size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    }
    return offset;
}

/*
 * A program with a limited address space means to use it: what we take of it is a sixteenth, or as little as makes
 * sense.
 */
static uint64_t lay_out(struct fdt_part parts[FDT_PART_COUNT], const struct rlimit *nofile)
{
    uint64_t most = limit_on(RLIMIT_AS, false) / 16, size = 0;
    for (unsigned shrink = 0; shrink <= SHRINK_MOST; shrink++)
        if ((size = lay_out_smaller(parts, nofile, shrink)) <= most)
            break;
    return size;
}

/* /proc/self/stat, field 22: with the pid it names a process for good, and an exec keeps it. */
static uint64_t process_start_ticks(void)
{
    char text[1024];
    int fd = raw_open("/proc/self/stat", O_RDONLY, 0);
    if (fd < 0)
        return 0;
    long length = raw(read, fd, text, sizeof(text) - 1);
    raw(close, fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *at = strrchr(text, ')'); /* the program's name may hold anything, parentheses too */
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at, ' ');
        at = at != NULL ? at + 1 : NULL;
    }
    uint64_t ticks = 0;
    for (; at != NULL && *at >= '0' && *at <= '9'; at++)
        ticks = ticks * 10 + (uint64_t)(*at - '0');
    return ticks;
}

static size_t put_text(char *to, size_t at, size_t size, const char *text)
{
    while (*text != '\0' && at + 1 < size)
        to[at++] = *text++;
    to[at] = '\0';
    return at;
}

static size_t put_number(char *to, size_t at, size_t size, uint64_t number)
{
    char text[24];
    char *digit = text + sizeof(text) - 1;
    *digit = '\0';
    do
        *--digit = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    return put_text(to, at, size, digit);
}

/* Then nobody else can have planted names in it. */
bool store_folder_usable(const char *path)
{
    struct stat status;
    return raw(newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == (uid_t)raw(geteuid) && (status.st_mode & 077) == 0;
}

/* Most images find it made: asking is cheaper than being refused. */
static bool make_folder(const char *path)
{
    if (store_folder_usable(path))
        return true;
    long answer = raw(mkdirat, AT_FDCWD, path, 0700);
    return answer == 0 || (answer == -EEXIST && store_folder_usable(path));
}

/* /dev/shm/fdtrace-UID-PID-START, else the same under TMPDIR or /tmp. The name lets an exec find its predecessor's. */
static bool make_private_folder(char path[STORE_PATH_SIZE])
{
    const char *temporary = getenv("TMPDIR");
    const char *const parents[] = {"/dev/shm", temporary != NULL && *temporary == '/' ? temporary : "/tmp", "/tmp"};
    uint64_t ticks = process_start_ticks();
    for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
        size_t at = put_text(path, 0, STORE_PATH_SIZE, parents[i]);
        at = put_text(path, at, STORE_PATH_SIZE, "/fdtrace-");
        at = put_number(path, at, STORE_PATH_SIZE, (uint64_t)raw(geteuid));
        at = put_text(path, at, STORE_PATH_SIZE, "-");
        at = put_number(path, at, STORE_PATH_SIZE, (uint64_t)raw(getpid));
        at = put_text(path, at, STORE_PATH_SIZE, "-");
        put_number(path, at, STORE_PATH_SIZE, ticks);
        if (make_folder(path))
            return true;
    }
    return false;
}

/* FOLDER/PID.IMAGE.fdt, to path. */
static void name_file(const char *folder, char path[STORE_PATH_SIZE], int pid, uint32_t image)
{
    size_t at = put_text(path, 0, STORE_PATH_SIZE, folder);
    at = put_text(path, at, STORE_PATH_SIZE, "/");
    at = put_number(path, at, STORE_PATH_SIZE, (uint64_t)pid);
    at = put_text(path, at, STORE_PATH_SIZE, ".");
    at = put_number(path, at, STORE_PATH_SIZE, image);
    put_text(path, at, STORE_PATH_SIZE, FDT_SUFFIX);
}

/* FOLDER/PID.IMAGE.fdt with the first free image number. The descriptor, or -errno. */
static int create_file(struct store *new, uint32_t *image)
{
    int fd = -EEXIST;
    for (*image = 1; fd == -EEXIST && *image < 100000; ++*image) {
        name_file(new->folder, new->path, (int)raw(getpid), *image);
        fd = raw_open(new->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    }
    --*image;
    return fd;
}

/* Raises a soft limit to the hard one for as long as we make the file; growing it past RLIMIT_FSIZE is a SIGXFSZ. */
static void lift(int resource, struct rlimit *old)
{
    raw(prlimit64, 0, resource, NULL, old);
    struct rlimit lifted = {.rlim_cur = old->rlim_max, .rlim_max = old->rlim_max};
    if (old->rlim_cur != old->rlim_max)
        raw(prlimit64, 0, resource, &lifted, NULL);
}

static void lower(int resource, const struct rlimit *old)
{
    if (old->rlim_cur != old->rlim_max)
        raw(prlimit64, 0, resource, old, NULL);
}

static void *map_file(struct store *new, uint32_t *image, const char **reason)
{
    struct rlimit size_limit, fd_limit;
    void *memory = NULL;
    lift(RLIMIT_FSIZE, &size_limit);
    lift(RLIMIT_NOFILE, &fd_limit);
    if (size_limit.rlim_max != RLIM_INFINITY && size_limit.rlim_max < new->size) {
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
    lower(RLIMIT_NOFILE, &fd_limit);
    lower(RLIMIT_FSIZE, &size_limit);
    return memory;
}

static bool populate(void *address, size_t length)
{
    uintptr_t start = (uintptr_t)address & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = ((uintptr_t)address + length + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    return raw(madvise, start, end - start, MADV_POPULATE_WRITE) == 0;
}

/* Pages [first, last] of the table have memory now. */
static void mark_pages(struct store *any, uint32_t first, uint32_t last)
{
    for (uint32_t page = first; page <= last; page++)
        __atomic_fetch_or(&any->table_pages[page / 8], 1u << page % 8, __ATOMIC_RELEASE);
    uint32_t end = (last + 1) * STORE_PAGE_SLOTS, old = __atomic_load_n(&any->secured[FDT_PART_TABLE], __ATOMIC_RELAXED);
    while (old < end && !__atomic_compare_exchange_n(&any->secured[FDT_PART_TABLE], &old, end, false, __ATOMIC_ACQ_REL,
                                                     __ATOMIC_RELAXED))
        ;
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
    mark_pages(&store, first, last);
    __atomic_store_n(&store.header->secured[FDT_PART_TABLE],
                     __atomic_load_n(&store.secured[FDT_PART_TABLE], __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
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
        done = raw(fallocate, fd, 0, parts[i].offset, (uint64_t)count * parts[i].entry_size) == 0;
        new->secured[i] = count;
    }
    if (fd >= 0)
        raw(close, fd);
    return done;
}

static void read_link(const char *path, char *to, size_t size)
{
    long length = raw(readlinkat, AT_FDCWD, path, to, size - 1);
    to[length > 0 ? length : 0] = '\0';
}

/* The kernel's copy: what the program made of its argv meanwhile is its own affair. */
static void read_arguments(struct fdt_header *header)
{
    int fd = raw_open("/proc/self/cmdline", O_RDONLY, 0);
    if (fd < 0)
        return;
    long length = raw(read, fd, header->argv, FDT_ARGV_SIZE);
    raw(close, fd);
    for (long i = 0; i < length; i++)
        header->argc += header->argv[i] == '\0';
}

void store_arguments(int argc, char **argv)
{
    struct fdt_header *header = store.header;
    size_t at = 0;
    for (int i = 0; i < argc && argv[i] != NULL; i++) {
        size_t length = strlen(argv[i]) + 1;
        if (at + length > FDT_ARGV_SIZE)
            return;
        memcpy(header->argv + at, argv[i], length);
        at += length;
        header->argc++;
    }
}

static bool is_shell(const char *exe)
{
    static const char *const shells[] = {"bash", "dash", "sh", "ash", "busybox", "ksh", "mksh", "zsh"};
    const char *slash = strrchr(exe, '/');
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
        if (strcmp(slash != NULL ? slash + 1 : exe, shells[i]) == 0)
            return true;
    return false;
}

/* The state another image's segment is in; FDT_STATE_STARTING when it cannot be read. */
static uint32_t state_of(const char *path)
{
    uint32_t state = FDT_STATE_STARTING;
    int fd = raw_open(path, O_RDONLY | O_NOFOLLOW, 0);
    if (fd >= 0) {
        raw(pread64, fd, &state, sizeof(state), offsetof(struct fdt_header, state));
        raw(close, fd);
    }
    return state;
}

/*
 * Where this program came from: the image before it in this process, whose exec led here; else its parent, that spawned it
 * (by vfork or posix_spawn: a forked child would have an image of its own here). A number may be used again: an image
 * that has said its last word was another process.
 */
static void find_predecessor(const struct store *new, struct fdt_header *header)
{
    char path[STORE_PATH_SIZE];
    if (new->path[0] == '\0')
        return;
    name_file(new->folder, path, header->pid, header->image - 1);
    if (header->image > 1 && state_of(path) != FDT_STATE_EXITED) {
        header->how = FDT_HOW_EXEC;
        header->predecessor_pid = header->pid;
        header->predecessor_image = header->image - 1;
        return;
    }
    for (uint32_t image = 1; image < 100000; image++) {
        name_file(new->folder, path, header->ppid, image);
        if (raw(faccessat, AT_FDCWD, path, F_OK) != 0)
            break;
        header->how = FDT_HOW_SPAWN;
        header->predecessor_pid = header->ppid;
        header->predecessor_image = image;
    }
}

static void fill_header(struct store *new, const struct fdt_part *parts, const struct rlimit *nofile,
                        const struct store_origin *origin, uint32_t image)
{
    struct fdt_header *header = new->header;
    header->version = FDT_VERSION;
    header->min_reader = FDT_MIN_READER;
    header->header_size = FDT_HEADER_SIZE;
#if defined(__x86_64__)
    header->machine = 62;
#else
    header->machine = 183;
#endif
    header->file_size = new->size;
    for (int i = 0; i < FDT_PART_COUNT; i++) {
        header->parts[i] = parts[i];
        header->secured[i] = new->secured[i];
    }
    header->pid = (int32_t)raw(getpid);
    header->ppid = (int32_t)raw(getppid);
    header->uid = (uint32_t)raw(geteuid);
    header->gid = (uint32_t)raw(getegid);
    header->image = image;
    header->how = origin->how;
    header->predecessor_pid = origin->predecessor_pid;
    header->predecessor_image = origin->predecessor_image;
    if (origin->how == FDT_HOW_START)
        find_predecessor(new, header);
    header->start_monotonic_ns = store_now();
    header->start_realtime_ns = realtime_now();
    header->nofile_soft = nofile->rlim_cur;
    header->nofile_hard = nofile->rlim_max;
    header->calls = new->count[FDT_PART_CALLS];
    header->sites = 1;
    header->epoch = 1;
    header->flags = new->path[0] == '\0' ? FDT_HEADER_ANONYMOUS : 0;
    read_link("/proc/self/exe", header->exe, FDT_EXE_SIZE);
    header->flags |= is_shell(header->exe) ? FDT_HEADER_SHELL : 0;
    if (raw(getcwd, header->cwd, FDT_CWD_SIZE) <= 0)
        header->cwd[0] = '\0';
    if (origin->how == FDT_HOW_FORK || !STORE_IS_HANDED_ARGUMENTS)
        read_arguments(header);
    memcpy(new->calls, __start_fdt_hooks, header->calls);
    /* Last, so that a reader that sees the magic sees a whole header. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(header->magic, FDT_MAGIC, sizeof(header->magic));
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
    struct rlimit nofile = {0};
    uint32_t image = 1;
    void *memory = NULL;

    memset(&new, 0, offsetof(struct store, table_pages));
    raw(prlimit64, 0, RLIMIT_NOFILE, NULL, &nofile);
    new.size = lay_out(parts, &nofile);
    new.private_folder = private_folder;
    put_text(new.folder, 0, STORE_PATH_SIZE, folder);
    *reason = NULL;
    if (origin->folder_exists && !store_folder_usable(new.folder))
        *reason = "the session folder has gone";
    else if (folder[0] != '\0' ? make_folder(new.folder) : make_private_folder(new.folder))
        memory = map_file(&new, &image, reason);
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
    fill_header(&new, parts, &nofile, origin, image);
    if (store.header != NULL) /* our parent's */
        memset(store.table_pages, 0, sizeof(store.table_pages));
    memcpy(&store, &new, offsetof(struct store, table_pages));
    mark_pages(&store, 0, (store.secured[FDT_PART_TABLE] - 1) / STORE_PAGE_SLOTS);
    return true;
}

void store_unmap(struct store *old)
{
    if (old->header != NULL)
        raw(munmap, old->header, old->size);
    old->header = NULL;
}

bool store_secure_slowly(enum fdt_part_id part, uint32_t index)
{
    uint32_t have = __atomic_load_n(&store.secured[part], __ATOMIC_ACQUIRE);
    if (index < have)
        return true;
    if (index >= store.count[part] || !populates || (store.header->flags & FDT_HEADER_FILTERED) != 0)
        return false;
    const struct fdt_part *layout = &store.header->parts[part];
    uint32_t entry = layout->entry_size, chunk = (have == 0 ? PAGE : CHUNK_BYTES) / entry;
    uint32_t eighth = have / 8; /* growth stays rare, and what is secured stays near what is used */
    uint64_t want = (uint64_t)have + (eighth > chunk ? eighth : chunk);
    if (want <= index)
        want = (uint64_t)index + chunk;
    if (want > store.count[part])
        want = store.count[part];
    char *base = (char *)store.header + layout->offset;
    if (!populate(base + (uint64_t)have * entry, (want - have) * entry))
        return false;
    /* Two threads may secure the same pages; populating is idempotent, and the mark only moves up. */
    while (have < want &&
           !__atomic_compare_exchange_n(&store.secured[part], &have, (uint32_t)want, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
        ;
    __atomic_store_n(&store.header->secured[part], __atomic_load_n(&store.secured[part], __ATOMIC_ACQUIRE),
                     __ATOMIC_RELEASE);
    return true;
}

void store_secure_ahead(void)
{
    static const uint32_t ahead[FDT_PART_COUNT] = {
        [FDT_PART_SITES] = 1024, [FDT_PART_FRAMES] = 16384, [FDT_PART_RING] = UINT32_MAX,
        [FDT_PART_INCIDENTS] = 64, [FDT_PART_MODULES] = 32, [FDT_PART_EXECS] = 64, [FDT_PART_CROSSINGS] = 64,
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
