/* Start, fork and exec as this process lives them. See process.h; the end is in end.c. */
#include "process.h"

#include "end.h"
#include "filter.h"
#include "folder.h"
#include "follow.h"
#include "gate.h"
#include "image.h"
#include "loader.h"
#include "misuse.h"
#include "modules.h"
#include "option.h"
#include "picture.h"
#include "quarantine.h"
#include "raw.h"
#include "ring.h"
#include "say.h"
#include "sites.h"
#include "table.h"
#include "unrest.h"
#include "watch.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* The program's own, if it has one the dynamic linker can see (fdtrace.h). */
const char *fdtrace_default_suppressions(void) __attribute__((weak));

bool process_under_run;
bool process_shares_table;

static struct store parent_store; /* what a forked child copies from, then forgets */
static bool parent_parted;        /* the thread that forked had a table of its own, which the record is not about */

/* All signals wait while we set up: a handler's closes would pass by unrecorded otherwise. */
static void block_signals(uint64_t *old)
{
    uint64_t all = ~UINT64_C(0);
    raw(rt_sigprocmask, SIG_SETMASK, &all, old, sizeof(all));
}

static void restore_signals(const uint64_t *old)
{
    raw(rt_sigprocmask, SIG_SETMASK, old, NULL, sizeof(*old));
}

static void read_name(int fd, char name[FDT_NAME_SIZE])
{
    struct line path = {.length = 0};
    line_text(&path, process_fd_folder());
    line_number(&path, fd);
    path.text[path.length] = '\0';
    long length = raw(readlinkat, AT_FDCWD, path.text, name, FDT_NAME_SIZE - 1);
    name[length > 0 && name[0] == '/' ? length : 0] = '\0';
}

/* Was the lifetime that the parent's slot tells of open at the fork? The parent may have closed it since. */
static bool lived_at(const struct fdt_slot *from, uint64_t word, uint64_t fork_ns)
{
    if (word == 0 || from->life.ns > fork_ns)
        return false;
    return (word & FDT_LIVE) || (from->death.generation == FDT_GENERATION(word) && from->death.ns >= fork_ns);
}

/*
 * Copies what the parent's slot tells of the lifetime that was open at the fork; *word is the slot's then. The parent's other
 * threads go on: what they opened on this number since the fork is not what we inherited, nor is half of it, so only a pen
 * that lies down and a generation that stays, before and after, vouch for the copy.
 */
static bool copy_parents(const struct fdt_slot *from, uint64_t fork_ns, struct fdt_life *life, uint64_t *word)
{
    *word = table_word(from);
    bool whole = __atomic_load_n(&from->pen, __ATOMIC_ACQUIRE) == 0 && lived_at(from, *word, fork_ns);
    memcpy(life, &from->life, sizeof(*life));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return whole && __atomic_load_n(&from->pen, __ATOMIC_RELAXED) == 0 &&
           FDT_GENERATION(table_word(from)) == FDT_GENERATION(*word);
}

/* fd was there before this image. from: the parent's slot, in a forked child. */
static void inherit(int fd, const struct fdt_slot *from, uint64_t fork_ns)
{
    char name[FDT_NAME_SIZE] = "";
    int flags = raw_getfd(fd);
    struct fdt_slot *slot = table_slot(fd);
    if (flags < 0 || quarantine_discards(fd) || slot == NULL)
        return;
    struct table_entry entry;
    table_entry_begin(&entry);
    entry.life.ns = store.header->start_monotonic_ns;
    entry.life.call = FDT_NO_CALL;
    entry.name = name;
    entry.flags = FDT_INHERITED | (flags & FD_CLOEXEC ? FDT_CLOEXEC : 0);
    uint64_t word = 0;
    struct fdt_life life;
    enum fdt_kind kind = table_kernel_kind(fd);
    /* And libc may have put something else there between the fork and now (daemon, forkpty). */
    bool known = from != NULL && (copy_parents(from, fork_ns, &life, &word) ||
                                  picture_find(fd, fork_ns, from, &life, &word));
    if (known && table_kind_agrees(life.kind, kind)) {
        memcpy(&entry.life, &life, offsetof(struct fdt_life, name));
        memcpy(name, life.name, FDT_NAME_SIZE);
        name[FDT_NAME_SIZE - 1] = '\0';
        if (!(word & FDT_INHERITED)) { /* born there: site ids mean something in that segment only */
            entry.life.root_pid = parent_store.header->pid;
            entry.life.root_image = parent_store.header->image;
            entry.life.root_site = life.site;
            entry.life.root_generation = FDT_GENERATION(word);
        }
        entry.life.site = FDT_NO_SITE;
        entry.life.from = fd;
        entry.life.from_generation = FDT_GENERATION(word);
        entry.flags |= word & (FDT_IGNORED | FDT_HIDDEN | FDT_NAME_CUT | FDT_FLAG_SET | FDT_FLAG_CLEARED);
    } else {
        entry.life.kind = (uint8_t)(kind == FDT_KIND_COUNT ? FDT_OTHER : kind);
    }
    if (name[0] == '\0' && (kind < FDT_PIPE || kind == FDT_TTY)) /* what has a path */
        read_name(fd, name);
    bool is_shared = word != 0 && watch_is_shared(fd, FDT_GENERATION(word));
    if (from == NULL && fd <= 2) /* closed before anybody looked at it: by mistake (stdio-closed) */
        entry.flags |= FDT_UNTOUCHED;
    if (table_birth(slot, fd, &entry) && is_shared)
        watch_shared(fd, FDT_GENERATION(table_word(slot)));
}

static const struct fdt_slot *parent_slot(uint32_t fd)
{
    bool known = parent_store.header != NULL && !parent_parted && store_has_slot(&parent_store, fd);
    return known ? &parent_store.table[fd] : NULL;
}

/* Without /proc or a free number: ask for each number the parent used, or the first thousand. */
static void inherit_by_asking(uint64_t fork_ns)
{
    uint32_t end = 1024;
    if (parent_store.header != NULL && parent_store.header->high_water + 64 > end)
        end = parent_store.header->high_water + 64;
    for (uint32_t fd = 0; fd < end; fd++)
        inherit((int)fd, parent_slot(fd), fork_ns);
}

/* The layout getdents64 fills, as in getdents(2). */
struct entry64 {
    uint64_t ino;
    int64_t  off;
    uint16_t length;
    uint8_t  type;
    char     name[];
};

bool process_each_descriptor(void (*visit)(int fd, void *data), void *data)
{
    _Alignas(struct entry64) char buffer[2048];
    int folder = raw_open(process_fd_folder(), O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return false;
    long size;
    while ((size = raw(getdents64, folder, buffer, sizeof(buffer))) > 0) {
        for (long at = 0; at < size;) {
            const struct entry64 *entry = (const void *)(buffer + at);
            int fd = 0;
            for (const char *digit = entry->name; *digit >= '0' && *digit <= '9'; digit++)
                fd = fd * 10 + (*digit - '0');
            if (entry->name[0] != '.' && fd != folder)
                visit(fd, data);
            at += entry->length;
        }
    }
    raw(close, folder);
    return size == 0;
}

static void inherit_one(int fd, void *fork_ns)
{
    inherit(fd, parent_slot((uint32_t)fd), *(uint64_t *)fork_ns);
}

/*
 * Since Linux 6.2 the size of /proc/self/fd is how many there are. So the usual few, below 256, are found by asking for one
 * number after the other, which spares the kernel a directory entry for each: 30 us of a program's start.
 */
static bool inherit_by_count(uint64_t fork_ns)
{
    int numbers[16];
    struct stat status;
    long count = 0;
    if (raw(newfstatat, AT_FDCWD, process_fd_folder(), &status, 0) != 0 || status.st_size > 16)
        return false;
    for (int fd = 0; count < status.st_size && fd < 256; fd++)
        if (raw_getfd(fd) >= 0)
            numbers[count++] = fd;
    if (status.st_size == 0 || count < status.st_size)
        return false;
    for (long i = 0; i < count; i++)
        inherit(numbers[i], parent_slot((uint32_t)numbers[i]), fork_ns);
    return true;
}

static void inherit_all(uint64_t fork_ns)
{
    if (!inherit_by_count(fork_ns) && !process_each_descriptor(inherit_one, &fork_ns))
        inherit_by_asking(fork_ns);
}

static uint32_t index_size(void)
{
    uint32_t size = 1024;
    while (size < options.sites * 2 && size < 1u << 21)
        size <<= 1;
    return size;
}

/* Of the image that exec'd us (wrap_exec.c). */
static const char *handed_session(void)
{
    return getauxval(AT_SECURE) ? NULL : getenv("FDTRACE_SESSION");
}

/* Its private folder, if it is still one that only we can enter. */
static const char *handed_folder(void)
{
    const char *handed = handed_session();
    return handed != NULL && folder_usable(handed) ? handed : "";
}

void process_start(void)
{
    uint64_t signals;
    int saved = errno;
    const char *reason = NULL;

    if (loader_is_foreign()) {
        gate_set(GATE_OFF);
        return;
    }
    block_signals(&signals);
    bind_start();
    const char *text = getauxval(AT_SECURE) ? NULL : getenv("FDTRACE_OPTIONS");
    options_read(text);
    const char *folder = options.session;
    bool ours = options.session[0] == '\0';
    const char *run = getauxval(AT_SECURE) ? NULL : getenv("FDTRACE_RUN");
    process_under_run = !ours && run != NULL && strcmp(run, folder) == 0;
    const struct store_origin origin = {.folder_exists = process_under_run, .how = FDT_HOW_START,
                                        .predecessor_pid = (int)raw(getppid)};
    if (ours)
        folder = handed_folder();
    bool on = gate_prepare(index_size()) && store_create(folder, ours, &origin, &reason);
    if (on && fdtrace_default_suppressions != NULL)
        store.header->suppressions = (uintptr_t)fdtrace_default_suppressions();
    /* It had the same folder and could not use it either: that has been said. */
    bool told = !ours && handed_session() != NULL && strcmp(handed_session(), folder) == 0;
    if (reason != NULL && !told)
        say(reason, on ? "; this image is recorded in memory only" : "; this image is not traced",
            folder[0] != '\0' ? ": " : NULL, folder, NULL);
    if (on) {
        follow_start();
        modules_start();
        store.header->unwinder = (uint32_t)stack_start((unsigned)options.depth, options.unwind, options.check_stacks);
        store.header->depth = (uint32_t)options.depth;
        inherit_all(UINT64_MAX);
        quarantine_start();
        filter_watch();
        end_start();
        __atomic_store_n(&store.header->state, FDT_STATE_RUNNING, __ATOMIC_RELEASE);
    } else if (options.require_traced) {
        end_start();
    }
    gate_set(on ? GATE_ON : GATE_OFF);
    restore_signals(&signals);
    errno = saved;
}

void process_adopt(uint64_t fork_ns)
{
    uint64_t signals;
    const char *reason = NULL;

    /*
     * A parent without a record has nothing to hand on, its setting up was never finished. One under a seccomp filter has
     * handed that on, too: a system call of ours might kill the child.
     */
    if (store.header == NULL || filter_known()) {
        gate_set(GATE_OFF);
        return;
    }
    block_signals(&signals);
    parent_store = store;
    thread_self.tid = (int32_t)raw(gettid);
    thread_self.borrowed = NULL;
    parent_parted = thread_self.apart;
    thread_self.apart = thread_self.unusual = false;
    thread_self.known = false; /* it is introduced to the new record when it has something to tell */
    thread_self.entry = 0;
    thread_self.dying = 0; /* forked from a handler inside a close: the child's table tells how that went */
    thread_self.closes = thread_self.uses = (struct run){0}; /* their incidents are in the parent's record */
    guard->index_mask = index_size() - 1; /* wiped with the rest */
    gate_forked();
    unrest_forked();
    store_clock_forked();
    const struct fdt_header *parent = parent_store.header;
    const struct store_origin origin = {.folder_exists = !parent_store.private_folder, .how = FDT_HOW_FORK,
                                        .predecessor_pid = parent != NULL ? parent->pid : 0,
                                        .predecessor_image = parent != NULL ? parent->image : 0};
    stack_forked();
    quarantine_forked();
    bool on = store_create(parent_store.folder, parent_store.private_folder, &origin, &reason);
    if (on) {
        store.header->unwinder = parent_store.header->unwinder;
        store.header->depth = parent_store.header->depth;
        store.header->suppressions = parent_store.header->suppressions;
        inherit_all(fork_ns != 0 ? fork_ns : store_now());
        picture_forked();
        __atomic_store_n(&store.header->state, FDT_STATE_RUNNING, __ATOMIC_RELEASE);
        store_unmap(&parent_store);
    }
    gate_set(on ? GATE_ON : GATE_OFF);
    restore_signals(&signals);
}

/* With the same memory and a thread structure of its own, or while we wait, the other is one more writer of one record. */
void process_clones(unsigned long flags)
{
    bool one_record = (flags & CLONE_VM) && (flags & (CLONE_SETTLS | CLONE_VFORK));
    if ((flags & CLONE_FILES) && !one_record)
        process_shares_table = true;
}

/*
 * The folder of threads has a link for each of them and two of its own. One that was joined may still be on its way
 * out: a slow machine is given a millisecond.
 */
bool process_threads_share(void)
{
    struct stat tasks;
    if (!gate_threaded() || filter_known())
        return gate_threaded();
    const struct timespec moment = {.tv_nsec = 100000};
    for (int look = 0; look < 20; look++) {
        if (raw(newfstatat, AT_FDCWD, "/proc/self/task", &tasks, 0) == 0 && tasks.st_nlink <= 3)
            return false;
        if (look < 10)
            raw(sched_yield);
        else
            raw(nanosleep, &moment, NULL);
    }
    return true;
}

static bool is_parted(void)
{
    return store.header != NULL && (__atomic_load_n(&store.header->flags, __ATOMIC_RELAXED) & FDT_HEADER_PARTED) != 0;
}

void process_thread_parts(void)
{
    int saved = errno;
    if (gate_enter()) {
        __atomic_fetch_or(&store.header->flags, FDT_HEADER_PARTED, __ATOMIC_SEQ_CST);
        thread_self.apart = thread_self.unusual = true;
    }
    errno = saved;
}

const char *process_fd_folder(void)
{
    return is_parted() ? "/proc/thread-self/fd/" : "/proc/self/fd/";
}

/*
 * Where the kernel did not wipe the guard (before Linux 4.14, or in a sandbox or emulator that does not know how), a child still
 * is what its pid says, if somebody asks.
 */
bool process_was_forked(void)
{
    uint32_t phase = __atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE);
    if (phase == GATE_ON && store.header->pid != (int32_t)raw(getpid)) {
        memset(guard->execs, 0, sizeof(guard->execs));
        memset(guard->crossings, 0, sizeof(guard->crossings));
        memset(guard->incidents, 0, sizeof(guard->incidents));
        memset(guard->index, 0, ((size_t)guard->index_mask + 1) * sizeof(guard->index[0]));
        gate_set(phase = GATE_WIPED);
    }
    return phase == GATE_WIPED;
}

void process_forked(uint64_t fork_ns)
{
    uint32_t wiped = GATE_WIPED;
    int saved = errno;
    thread_self.vfork_pid = 0;
    process_shares_table = false;
    if (process_was_forked() &&
        __atomic_compare_exchange_n(&guard->phase, &wiped, GATE_BUSY, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        process_adopt(fork_ns);
    errno = saved;
}

void process_has_forked(const struct call *call, int child, uint64_t fork_ns)
{
    int saved = errno;
    if (gate_enter()) {
        uint32_t site = stack_site(call);
        __atomic_fetch_add(&store.header->forks, 1, __ATOMIC_RELAXED);
        misuse_forked(call, site, fork_ns);
        ring_write(&(struct event){.type = FDT_EVENT_FORK, .call = call->id, .site = site, .fd = -1, .other = -1,
                                   .value = child, .ns = fork_ns});
    }
    errno = saved;
}

void process_daemonized(void)
{
    if (store.header == NULL)
        return;
    store.header->end_ns = store_now();
    store.header->exit_status = 0;
    __atomic_store_n(&store.header->state, FDT_STATE_EXITED, __ATOMIC_RELEASE);
    if (store.private_folder && store.path[0] != '\0')
        raw(unlinkat, AT_FDCWD, store.path, 0);
}

void process_execs(void)
{
    if (__atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) != GATE_ON || thread_self.vfork_pid != 0)
        return;
    __atomic_store_n(&store.header->end_ns, store_now(), __ATOMIC_RELAXED);
    __atomic_store_n(&store.header->state, FDT_STATE_EXECING, __ATOMIC_RELEASE);
}

void process_exec_failed(void)
{
    if (__atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) != GATE_ON || thread_self.vfork_pid != 0)
        return;
    __atomic_store_n(&store.header->state, FDT_STATE_RUNNING, __ATOMIC_RELEASE);
    __atomic_store_n(&store.header->end_ns, 0, __ATOMIC_RELAXED);
}

static uint32_t filters; /* tried and not refused; atomic */

static void mark_filtered(void)
{
    __atomic_fetch_or(&store.header->flags, FDT_HEADER_FILTERED, __ATOMIC_SEQ_CST);
}

bool process_filters(void)
{
    int saved = errno;
    bool ours = gate_enter(); /* a child forked unseen is introduced now, while it still may */
    if (ours) {
        __atomic_fetch_add(&filters, 1, __ATOMIC_SEQ_CST);
        if (!filter_known()) {
            store_secure_ahead();
            quarantine_end();
        }
        mark_filtered();
    }
    errno = saved;
    return ours;
}

void process_filter_refused(void)
{
    if (__atomic_sub_fetch(&filters, 1, __ATOMIC_SEQ_CST) != 0)
        return;
    __atomic_fetch_and(&store.header->flags, ~(uint32_t)FDT_HEADER_FILTERED, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&filters, __ATOMIC_SEQ_CST) != 0) /* another thread's, meanwhile */
        mark_filtered();
    else
        quarantine_resume();
}

/* An earlier caller may have started us already, without the arguments. */
__attribute__((constructor(101))) static void construct(int argc, char **argv)
{
    uint32_t new = GATE_NEW;
    if (__atomic_compare_exchange_n(&guard->phase, &new, GATE_BUSY, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        process_start();
    if (store.header != NULL && IMAGE_IS_HANDED_ARGUMENTS)
        image_arguments(argc, argv);
}
