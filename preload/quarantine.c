/* Tombstones. See quarantine.h. */
#include "quarantine.h"

#include "filter.h"
#include "gate.h"
#include "option.h"
#include "raw.h"
#include "record.h"
#include "say.h"
#include "table.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#define PLACES       1024u  /* of the ring, a power of two: the most that can be kept */
#define ROUNDS       1000   /* of waiting for a thread that is about to close a number; a safety net */
#define RESERVE_MOST 256u   /* numbers left to the program: it may open some unseen, and several in one call */
#define TOMB_NAME    "fdtrace-quarantine"
#define SOURCE_MOST  500    /* the source lies at or above it, or above the middle of what is allowed */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u /* Linux 6.3 */
#endif

bool quarantine_on TOGETHER;

static int source = -1;                 /* atomic */
static uint32_t making;                 /* atomic: somebody makes a source */
static uint64_t tomb_device, tomb_inode; /* atomic: of the memfd */

/*
 * The ring: number and generation of each tombstone; 0 for none. A ticket of `next` names the place to put one in, one of
 * `first` the place to take the oldest from. Whoever exchanges an entry out of its place owns it.
 */
static uint64_t ring[PLACES];
static uint32_t first, next;

/* Numbers, plus one. About to be closed: whoever wants to put something there waits. Copied for an instant: see discard_copy. */
#define ANNOUNCED_MOST 16
static uint32_t closing[ANNOUNCED_MOST], copying[ANNOUNCED_MOST];

/*
 * Threads that hold numbers for an instant, or take some out of the ring to give them back. Near the limit nobody returns from
 * here to the program before all of them are done: it might need just those numbers. Whoever begins says so first and looks
 * at the limit then; whoever has opened something counts it first and looks at this then: one of the two sees the other.
 */
static uint32_t at_work;

static uint32_t capacity(unsigned needed);

static void work_begin(void)
{
    if (thread_self.quarantining++ == 0)
        __atomic_fetch_add(&at_work, 1, __ATOMIC_SEQ_CST);
}

static void work_end(void)
{
    if (--thread_self.quarantining > 0)
        return;
    __atomic_fetch_sub(&at_work, 1, __ATOMIC_SEQ_CST);
    const struct timespec while_they_wait_for_a_processor = {.tv_nsec = 100000};
    for (int round = 0; round < ROUNDS && capacity(0) == 0 && __atomic_load_n(&at_work, __ATOMIC_SEQ_CST) != 0; round++)
        if (round < ROUNDS / 10)
            raw(sched_yield);
        else
            raw(nanosleep, &while_they_wait_for_a_processor, NULL);
}

static uint64_t entry_of(int fd, uint32_t generation)
{
    return (uint64_t)generation << 32 | (uint32_t)fd;
}

static void name_of_link(struct line *path, int fd)
{
    path->length = 0;
    line_text(path, "/proc/self/fd/");
    line_number(path, fd);
    path->text[path->length] = '\0';
}

/* Of the source before, whose memfd was another: all memfds are on one device, and ours have a name. */
static bool is_old_tombstone(int fd)
{
    static const char expected[] = "/memfd:" TOMB_NAME " ";
    struct line path;
    char link[sizeof(expected)] = "";
    name_of_link(&path, fd);
    return raw(readlinkat, AT_FDCWD, path.text, link, sizeof(link) - 1) > 0 && strcmp(link, expected) == 0;
}

bool quarantine_is_tombstone(int fd)
{
    struct stat status;
    if (raw_stat_fd(fd, &status) != 0 || status.st_dev != __atomic_load_n(&tomb_device, __ATOMIC_ACQUIRE))
        return false;
    return status.st_ino == __atomic_load_n(&tomb_inode, __ATOMIC_ACQUIRE) || is_old_tombstone(fd);
}

static bool is_marked(uint64_t word)
{
    return (word & (FDT_LIVE | FDT_TOMBSTONE)) == FDT_TOMBSTONE;
}

bool quarantine_holds(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    return slot != NULL && is_marked(table_word(slot)) && quarantine_is_tombstone(fd);
}

/* Takes the mark off a number, whatever its generation is when generation is 0. */
static bool unmark(int fd, uint32_t generation)
{
    struct fdt_slot *slot = table_peek(fd);
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    while (is_marked(word) && (generation == 0 || FDT_GENERATION(word) == generation))
        if (table_swap(slot, &word, table_next(word, 0, FDT_TOMBSTONE)))
            return true;
    return false;
}

/* Whoever has set the mark may take it off again; what is marked already is another one's, the source's for example. */
static bool mark(int fd, uint32_t generation)
{
    struct fdt_slot *slot = table_peek(fd);
    uint64_t word = slot != NULL ? table_word(slot) : FDT_LIVE;
    while (!(word & (FDT_LIVE | FDT_TOMBSTONE)) && FDT_GENERATION(word) == generation)
        if (table_swap(slot, &word, table_next(word, FDT_TOMBSTONE, 0)))
            return true;
    return false;
}

/* Nobody waits for more than the two system calls in release; a signal handler may have interrupted just these, hence ROUNDS. */
static uint32_t *announce(uint32_t list[ANNOUNCED_MOST], int fd)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ANNOUNCED_MOST; i++) {
            uint32_t nobody = 0;
            if (__atomic_compare_exchange_n(&list[i], &nobody, (uint32_t)fd + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
                return &list[i];
        }
        raw(sched_yield);
    }
    return NULL;
}

static bool is_closing(int fd)
{
    for (size_t i = 0; i < ANNOUNCED_MOST; i++)
        if (__atomic_load_n(&closing[i], __ATOMIC_SEQ_CST) == (uint32_t)fd + 1)
            return true;
    return false;
}

/* Gives a number back, unless something else has happened to it. */
static void release(int fd, uint32_t generation)
{
    work_begin();
    uint32_t *announced = announce(closing, fd);
    if (announced != NULL && unmark(fd, generation) && quarantine_is_tombstone(fd))
        raw(close, fd);
    if (announced != NULL)
        __atomic_store_n(announced, 0, __ATOMIC_SEQ_CST);
    work_end();
}

static void release_entry(uint64_t entry)
{
    if (entry != 0)
        release((int)(uint32_t)entry, (uint32_t)(entry >> 32));
}

static void shrink_to(uint32_t most)
{
    uint32_t oldest = __atomic_load_n(&first, __ATOMIC_ACQUIRE);
    while ((int32_t)(__atomic_load_n(&next, __ATOMIC_ACQUIRE) - oldest) > (int32_t)most)
        if (__atomic_compare_exchange_n(&first, &oldest, oldest + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            release_entry(__atomic_exchange_n(&ring[oldest++ & (PLACES - 1)], 0, __ATOMIC_ACQ_REL));
}

static void give_up_source(void)
{
    int old = __atomic_exchange_n(&source, -1, __ATOMIC_ACQ_REL);
    if (old >= 0)
        release(old, 0);
}

/* How many may be kept, with `needed` numbers more for the program. */
static uint32_t capacity(unsigned needed)
{
    uint64_t soft = __atomic_load_n(&store.header->nofile_soft, __ATOMIC_RELAXED);
    uint64_t reserve = soft / 4 < RESERVE_MOST ? soft / 4 : RESERVE_MOST;
    uint64_t taken = __atomic_load_n(&store.header->open_now, __ATOMIC_RELAXED) + reserve + needed + 1 /* the source */;
    uint64_t most = options.quarantine < PLACES ? options.quarantine : PLACES;
    return taken >= soft ? 0 : (uint32_t)(soft - taken < most ? soft - taken : most);
}

void quarantine_make_room(unsigned needed)
{
    work_begin();
    uint32_t most = capacity(needed);
    shrink_to(most);
    if (most == 0)
        give_up_source();
    work_end();
}

static void remember(int fd, uint32_t generation)
{
    work_begin();
    uint32_t ticket = __atomic_fetch_add(&next, 1, __ATOMIC_ACQ_REL);
    uint64_t *place = &ring[ticket & (PLACES - 1)];
    release_entry(__atomic_exchange_n(place, entry_of(fd, generation), __ATOMIC_ACQ_REL));
    /* Whoever shrinks may have been there before us, and nobody would look there again for a long time. */
    if ((int32_t)(__atomic_load_n(&first, __ATOMIC_ACQUIRE) - ticket) > 0)
        release_entry(__atomic_exchange_n(place, 0, __ATOMIC_ACQ_REL));
    quarantine_make_room(0);
    work_end();
}

static int open_tomb(void)
{
    struct line path;
    struct stat status;
    long file = raw(memfd_create, TOMB_NAME, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (file == -EINVAL)
        file = raw(memfd_create, TOMB_NAME, MFD_CLOEXEC);
    if (file < 0)
        return -1;
    name_of_link(&path, (int)file);
    int tomb = raw_stat_fd((int)file, &status) == 0 ? raw_open(path.text, O_PATH, 0) : -1;
    raw(close, file);
    __atomic_store_n(&tomb_device, status.st_dev, __ATOMIC_RELEASE);
    __atomic_store_n(&tomb_inode, status.st_ino, __ATOMIC_RELEASE);
    return tomb;
}

/* Out of the way of numbers the program will be given, and where the table can tell of it. */
static int make_source(void)
{
    uint64_t soft = store.header->nofile_soft;
    int tomb = open_tomb(), number = -1;
    if (tomb >= 0) {
        number = (int)raw(fcntl, tomb, F_DUPFD_CLOEXEC, soft / 2 < SOURCE_MOST ? soft / 2 : SOURCE_MOST);
        raw(close, tomb);
    }
    if (number >= 0 && !table_occupies(number)) {
        raw(close, number);
        number = -1;
    }
    __atomic_store_n(&source, number, __ATOMIC_RELEASE);
    return number;
}

static int present_source(void)
{
    int fd = __atomic_load_n(&source, __ATOMIC_ACQUIRE);
    return fd >= 0 && quarantine_holds(fd) ? fd : -1;
}

/*
 * The source, made anew when it is gone; -1 when nothing can be kept now. A thread that finds another one making it goes
 * without. Old tombstones take a second look to be known as such: they go first.
 */
static int ready_source(void)
{
    uint32_t nobody = 0;
    if (filter_known() || capacity(0) == 0)
        return -1;
    int fd = present_source();
    if (fd >= 0)
        return fd;
    if (!__atomic_compare_exchange_n(&making, &nobody, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return -1;
    fd = present_source(); /* made meanwhile */
    if (fd < 0) {
        shrink_to(0);
        give_up_source();
        fd = make_source();
    }
    __atomic_store_n(&making, 0, __ATOMIC_RELEASE);
    return fd;
}

/*
 * dup3 closes the number without telling how that went (a full disk behind NFS), so a copy is closed first: that flushes the
 * file and tells. *error is what close would have set errno to. False: there is no copy, and nothing was closed.
 */
static bool close_copy(int fd, int from, int *error)
{
    uint32_t *announced = announce(copying, fd);
    long copy = announced != NULL ? raw(fcntl, fd, F_DUPFD_CLOEXEC, from) : -EBADF;
    if (copy >= 0)
        *error = -(int)raw(close, copy);
    if (announced != NULL)
        __atomic_store_n(announced, 0, __ATOMIC_SEQ_CST);
    return copy >= 0;
}

/*
 * A tombstone lies on fd now. Its mark was made before: if the number was given to somebody and closed again meanwhile, it is gone,
 * or another's, and the table learns from the kernel what lies there. The word with our mark; 0 when it has no such.
 */
static uint64_t put_down(int fd, uint32_t generation)
{
    struct fdt_slot *slot = table_peek(fd);
    uint64_t word = table_word(slot);
    if (is_marked(word) && FDT_GENERATION(word) == generation) {
        remember(fd, generation);
        return word;
    }
    table_settle(slot, fd);
    return 0;
}

/*
 * The source is looked at once more when it has been used: another thread may have given it up, near the limit, and its number
 * away. What came of that lies on fd, which is still ours.
 */
static bool bury(struct dying *dying, int *error)
{
    int fd = dying->fd, from = ready_source();
    uint32_t generation = FDT_GENERATION(dying->after);
    if (from < 0 || !close_copy(fd, from, error)) /* among other things, closed unseen: the real close knows better */
        return false;
    if (!mark(fd, generation))
        return false;
    if (raw(dup3, from, fd, O_CLOEXEC) != fd || !quarantine_is_tombstone(fd)) {
        unmark(fd, generation);
        return false;
    }
    uint64_t word = put_down(fd, generation);
    dying->after = word != 0 ? word : dying->after;
    return true;
}

int quarantine_close(struct dying *dying, int fd, int (*real)(int))
{
    int saved = errno, error = 0;
    if (quarantine_holds(fd))
        return real(QUARANTINE_NOBODY);
    if (!dying->recorded || fd <= 2)
        return real(fd);
    real(QUARANTINE_NOBODY); /* a thread that is cancelled by its close is cancelled here, with the number still open */
    errno = saved;
    work_begin();
    bool buried = bury(dying, &error);
    work_end();
    if (!buried)
        return real(fd);
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

static void occupy(int fd, uint32_t generation)
{
    int from = ready_source();
    if (from < 0 || !mark(fd, generation))
        return;
    long copy = raw(fcntl, from, F_DUPFD_CLOEXEC, fd);
    if (copy == fd && quarantine_is_tombstone(fd)) { /* or the source had been given up: see bury */
        put_down(fd, generation);
        return;
    }
    if (copy >= 0)
        raw(close, copy);
    unmark(fd, generation);
}

void quarantine_keep(int fd, uint32_t generation)
{
    if (fd <= 2)
        return;
    work_begin();
    occupy(fd, generation);
    work_end();
}

void quarantine_release(int fd)
{
    if (gate_enter() && quarantine_holds(fd)) /* a vfork child's table is not the one that marks are made in */
        release(fd, 0);
}

bool quarantine_yield(int fd)
{
    if (fd < 0)
        return false;
    if (fd == __atomic_load_n(&source, __ATOMIC_ACQUIRE))
        __atomic_store_n(&source, -1, __ATOMIC_RELEASE);
    if (unmark(fd, 0))
        return true;
    for (int round = 0; round < ROUNDS && is_closing(fd); round++)
        raw(sched_yield);
    return false;
}

void quarantine_stays(int fd)
{
    struct fdt_slot *slot = table_peek(fd);
    if (slot != NULL && mark(fd, FDT_GENERATION(table_word(slot))))
        remember(fd, FDT_GENERATION(table_word(slot)));
}

void quarantine_found(int fd, uint32_t generation)
{
    if (fd != __atomic_load_n(&source, __ATOMIC_ACQUIRE))
        remember(fd, generation);
}

void quarantine_yield_range(unsigned from, unsigned to)
{
    for (uint32_t fd = from; fd < table_end() && fd <= to; fd++)
        quarantine_yield((int)fd);
}

void quarantine_start(void)
{
    if (options.quarantine == 0)
        return;
    quarantine_on = true;
    if (ready_source() < 0 && capacity(0) > 0) {
        say("quarantine=: nothing to occupy numbers with could be made (it takes memfd_create and /proc); there is none", NULL);
        quarantine_on = false;
    }
}

/*
 * A child was forked while another thread of its parent closed fd, and was given the copy that close_copy makes for an instant:
 * the same file as fd, on a number from the source upwards that the parent's table knows nothing of.
 */
static void discard_copy(int fd)
{
    enum { NUMBERS_MOST = 1024 };
    struct stat original, other;
    if (source < 0 || raw_stat_fd(fd, &original) != 0)
        return;
    for (int copy = source + 1; copy < source + NUMBERS_MOST; copy++) {
        const struct fdt_slot *slot = table_peek(copy);
        bool known = slot != NULL && (table_word(slot) & (FDT_LIVE | FDT_TOMBSTONE)) != 0;
        if (!known && raw_stat_fd(copy, &other) == 0 && other.st_dev == original.st_dev && other.st_ino == original.st_ino) {
            raw(close, copy);
            return;
        }
    }
}

void quarantine_forked(void)
{
    for (size_t i = 0; i < ANNOUNCED_MOST; i++)
        if (copying[i] != 0)
            discard_copy((int)copying[i] - 1);
    memset(copying, 0, sizeof(copying));
    memset(ring, 0, sizeof(ring));
    memset(closing, 0, sizeof(closing));
    first = next = making = at_work = 0;
    thread_self.quarantining = 0;
    source = -1;
}

bool quarantine_discards(int fd)
{
    if (!quarantine_on || !quarantine_is_tombstone(fd))
        return false;
    raw(close, fd);
    return true;
}

void quarantine_resume(void)
{
    quarantine_on = options.quarantine != 0;
}

void quarantine_end(void)
{
    if (!quarantine_on)
        return;
    quarantine_on = false;
    shrink_to(0);
    give_up_source();
}
