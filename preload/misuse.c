/* What is evidence of what. See misuse.h. */
#include "misuse.h"

#include "gate.h"
#include "handle.h"
#include "history.h"
#include "holders.h"
#include "incident.h"
#include "names.h"
#include "quarantine.h"
#include "sites.h"
#include "table.h"
#include "thread.h"

#include <string.h>

/* The offence is the registration: it gives the incident its call, place and time. */
void misuse_ghost(const struct call *call, const struct ghost *ghost, int copy)
{
    const struct watch *watch = &ghost->watch;
    const struct fdt_slot *slot = table_peek(copy);
    struct evidence evidence = {.fd = watch->fd, .state = ghost->state, .death = ghost->death, .life = ghost->life,
                                .limit = (uint32_t)watch->epoll, .open = (uint32_t)copy};
    if (slot == NULL)
        return;
    evidence.before = (struct fdt_past){
        .birth_ns = slot->life.ns, .birth_site = slot->life.site, .birth_tid = slot->life.tid,
        .birth_call = slot->life.call, .death_call = FDT_NO_CALL, .generation = FDT_GENERATION(table_word(slot)),
        .kind = slot->life.kind, .owner = slot->life.owner};
    incident_keep_at(FDT_INCIDENT_GHOST, call, &evidence, 0,
            &(struct offence){.call = watch->call, .site = watch->site, .tid = watch->tid, .ns = watch->ns});
}

void misuse_record(enum fdt_incident_type type, const struct call *call, int fd, int error)
{
    struct evidence evidence;
    incident_evidence(&evidence, fd);
    incident_keep(type, call, &evidence, error);
}

/* There are never more than 1024 incidents (store.c): where the kernel has refused a call, a walk over them is small change. */
static bool has_black_box(int error)
{
    uint32_t count = __atomic_load_n(&store.header->incidents, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_INCIDENTS], __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < have; i++)
        if (__atomic_load_n(&store.incidents[i].commit, __ATOMIC_ACQUIRE) == 1 &&
            store.incidents[i].type == FDT_INCIDENT_HOLDER && store.incidents[i].error == error)
            return true;
    return false;
}

void misuse_limit(const struct call *call, int error)
{
    struct evidence evidence;
    struct holder holders[HOLDERS_MOST];
    incident_evidence(&evidence, -1);
    evidence.limit = __atomic_load_n(&store.header->nofile_soft, __ATOMIC_RELAXED);
    evidence.open = __atomic_load_n(&store.header->open_now, __ATOMIC_RELAXED);
    incident_keep(FDT_INCIDENT_LIMIT, call, &evidence, error);
    if (has_black_box(error))
        return;
    unsigned count = holders_find(holders);
    struct offence offence = incident_offence(call);
    for (unsigned i = 0; i < count; i++) {
        incident_evidence(&evidence, holders[i].oldest);
        evidence.limit = holders[i].youngest_ns;
        evidence.count = holders[i].live;
        incident_new(FDT_INCIDENT_HOLDER, &offence, error, &evidence);
    }
}

enum { BOUND_MOST = 64 };

void misuse_bound(const struct call *call, int fd)
{
    struct evidence evidence;
    uint32_t count = __atomic_load_n(&store.header->incidents, __ATOMIC_ACQUIRE), bound = 0;
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_INCIDENTS], __ATOMIC_ACQUIRE);
    struct offence offence = incident_offence(call);
    incident_evidence(&evidence, fd);
    for (uint32_t i = 0; i < count && i < have; i++) {
        struct fdt_incident *entry = &store.incidents[i];
        if (__atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) != 1 || entry->type != FDT_INCIDENT_BOUND)
            continue;
        if (entry->site == offence.site && strcmp(entry->life.name, evidence.life.name) == 0) {
            entry->last_ns = offence.ns;
            return;
        }
        bound++;
    }
    if (bound < BOUND_MOST)
        incident_new(FDT_INCIDENT_BOUND, &offence, 0, &evidence);
}

/* An earlier lifetime takes the place of the latest one. Its name is not remembered. */
static void turn_to(struct evidence *evidence, const struct fdt_past *past)
{
    evidence->state = (uint64_t)past->generation << FDT_GENERATION_SHIFT;
    evidence->life = (struct fdt_life){.ns = past->birth_ns, .site = past->birth_site, .tid = past->birth_tid,
                                       .call = past->birth_call, .kind = past->kind, .owner = past->owner, .from = -1};
    evidence->death = (struct fdt_death){.ns = past->death_ns, .site = past->death_site, .tid = past->death_tid,
                                         .generation = past->generation, .call = past->death_call};
}

/*
 * Whose number was it, in the offender's eyes? The one it has closed from this very place before; else, of those that its
 * thread had to do with, the one that was ended by the same function on behalf of the same callers, as far as they go, and
 * the latest of equals; else the latest of all. Who merely had the number in between is not blamed.
 */
static void find_owner(struct evidence *evidence, uint32_t site)
{
    const int32_t tid = thread_self.tid;
    uint32_t latest = FDT_GENERATION(evidence->state);
    struct fdt_past past;
    if (evidence->death.site == site)
        return;
    for (uint32_t back = 1; back <= HISTORY_LENGTH; back++)
        if (history_find(evidence->fd, latest - back, &past) && past.death_site == site && site != FDT_NO_SITE) {
            turn_to(evidence, &past);
            return;
        }
    bool is_own = evidence->life.tid == tid || evidence->death.tid == tid;
    unsigned most = is_own ? 1 + sites_shared(evidence->death.site, site) : 0;
    for (uint32_t back = 1; back <= HISTORY_LENGTH; back++) {
        if (!history_find(evidence->fd, latest - back, &past) || (past.birth_tid != tid && past.death_tid != tid))
            continue;
        unsigned shared = 1 + sites_shared(past.death_site, site);
        if (shared > most) {
            most = shared;
            turn_to(evidence, &past);
        }
    }
}

/*
 * The caller opened this number and finds it closed by another thread, which once had the same number, opened and closed
 * it itself, and has closed it once more: that second close was stale.
 */
static bool was_robbed(struct evidence *evidence)
{
    struct fdt_past past;
    const struct fdt_death *death = &evidence->death;
    if (evidence->life.tid != thread_self.tid || death->tid == thread_self.tid || death->ns == 0 ||
        (evidence->state & (FDT_INHERITED | FDT_ADOPTED | FDT_CONTESTED)) != 0 ||
        death->generation != FDT_GENERATION(evidence->state))
        return false;
    for (uint32_t back = 1; back <= HISTORY_LENGTH; back++)
        if (history_find(evidence->fd, FDT_GENERATION(evidence->state) - back, &past) && past.birth_tid == death->tid &&
            past.death_tid == death->tid) {
            evidence->before = past;
            return true;
        }
    return false;
}

/*
 * The same, by a stale dup2: it took the caller's number away and gave it a new life, which has ended by now. What was
 * robbed is the lifetime before; dup2 over a number that was handed over is no misuse, so that the caller must miss it.
 */
static bool was_overwritten(struct evidence *evidence)
{
    struct fdt_past robbed, past;
    uint32_t latest = FDT_GENERATION(evidence->state);
    int32_t culprit = evidence->life.tid;
    if (culprit == thread_self.tid || evidence->life.site == FDT_NO_SITE || (evidence->state & FDT_CONTESTED) != 0 ||
        !history_find(evidence->fd, latest - 1, &robbed) || robbed.birth_tid != thread_self.tid ||
        robbed.death_tid != culprit || robbed.death_site != evidence->life.site)
        return false;
    for (uint32_t back = 2; back <= HISTORY_LENGTH; back++)
        if (history_find(evidence->fd, latest - back, &past) && past.birth_tid == culprit && past.death_tid == culprit) {
            turn_to(evidence, &robbed);
            evidence->before = past;
            return true;
        }
    return false;
}

/* What the dup2 earned when it was made was a note. One mistake, one finding. */
static void take_back_overwrite(const struct evidence *evidence)
{
    uint32_t index = incident_find(FDT_INCIDENT_OVERWRITE, evidence->death.site, evidence, 0);
    if (index != UINT32_MAX && __atomic_load_n(&store.incidents[index].count, __ATOMIC_RELAXED) > 0)
        __atomic_fetch_sub(&store.incidents[index].count, 1, __ATOMIC_RELAXED);
}

static uint32_t keep_stale(enum fdt_incident_type type, const struct call *call, int fd)
{
    struct evidence evidence;
    incident_evidence(&evidence, fd);
    /* A handle that had lost the number took it from the caller: that is told, and the caller is innocent. */
    if (incident_about(FDT_INCIDENT_REUSE, 0, &evidence))
        return UINT32_MAX;
    bool overwritten = was_overwritten(&evidence);
    if (overwritten)
        take_back_overwrite(&evidence);
    if (overwritten || was_robbed(&evidence))
        return incident_keep(FDT_INCIDENT_REUSE, call, &evidence, EBADF);
    find_owner(&evidence, stack_site(call));
    return incident_keep(type, call, &evidence, EBADF);
}

static bool belongs_on_standard_numbers(const struct call *call, enum fdt_owner owner, const char *name)
{
    return owner == FDT_OWNER_PTY || (name != NULL && strncmp(name, "/dev/", 5) == 0) ||
           strcmp(call_name(call->id), "freopen") == 0;
}

void misuse_landed(const struct call *call, int fd, enum fdt_owner owner, const char *name)
{
    if (!belongs_on_standard_numbers(call, owner, name))
        misuse_record(FDT_INCIDENT_STDIO_SLOT, call, fd, 0);
}

void misuse_moved(int fd)
{
    uint32_t count = __atomic_load_n(&store.header->incidents, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_INCIDENTS], __ATOMIC_ACQUIRE);
    const struct fdt_slot *slot = table_peek(fd);
    for (uint32_t i = 0; slot != NULL && i < count && i < have; i++) {
        struct fdt_incident *entry = &store.incidents[i];
        if (__atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) == 1 && entry->type == FDT_INCIDENT_STDIO_SLOT &&
            entry->site == slot->life.site && entry->fd == fd && entry->count > 0)
            __atomic_fetch_sub(&entry->count, 1, __ATOMIC_RELAXED);
    }
}

enum { CLOSED_ALONE, CLOSED_BY_A_SWEEP }; /* the error of a HIDDEN */

/* What the run closed of libc's own was swept away. That remains worth a note. */
static void sweep_hidden(struct run *run)
{
    for (unsigned i = 0; i < run->incidents; i++) {
        struct fdt_incident *entry = &store.incidents[run->incident[i]];
        if (entry->type == FDT_INCIDENT_HIDDEN)
            __atomic_store_n(&entry->error, CLOSED_BY_A_SWEEP, __ATOMIC_RELAXED);
    }
}

static void take_back(struct run *run)
{
    sweep_hidden(run);
    for (unsigned i = 0; i < run->incidents; i++)
        if (store.incidents[run->incident[i]].type != FDT_INCIDENT_HIDDEN)
            __atomic_fetch_sub(&store.incidents[run->incident[i]].count, 1, __ATOMIC_RELAXED);
    run->incidents = 0;
    run->sweeps = true;
}

static bool goes_on(const struct run *run, const struct call *call, int fd)
{
    return run->pc == call->pc && (fd == run->fd + 1 || fd == run->fd - 1);
}

void misuse_closed(const struct call *call, int fd)
{
    if (UNLIKELY(goes_on(&thread_self.closes, call, fd))) {
        thread_self.closes.fd = fd;
        sweep_hidden(&thread_self.closes);
    }
}

/* A call that may be a misuse, or a sweep's: a run begins with it, or goes on. False: it is known for a sweep. */
static bool in_run(struct run *run, const struct call *call, int fd)
{
    if (!goes_on(run, call, fd)) {
        run->incidents = 0;
        run->sweeps = false;
        run->pc = call->pc;
    }
    run->fd = fd;
    if (run->incidents == sizeof(run->incident) / sizeof(run->incident[0]))
        take_back(run);
    return !run->sweeps;
}

static void remember_in_run(struct run *run, uint32_t index)
{
    if (index != UINT32_MAX)
        run->incident[run->incidents++] = (uint16_t)index;
}

void misuse_opened(const struct call *call)
{
    thread_self.closes.pc = 0;
    if (thread_self.uses.pc != call->pc) /* a sweep of dup opens something itself */
        thread_self.uses.pc = 0;
}

/* Uses that succeeded were not told to the run: it goes on over numbers that are open. */
static void pass_over_open(struct run *run, const struct call *call, int fd)
{
    enum { OPEN_MOST = 64 };
    int step = fd > run->fd ? 1 : -1;
    if (run->pc != call->pc || fd == run->fd)
        return;
    for (int next = run->fd + step, passed = 0; next != fd && passed < OPEN_MOST; next += step, passed++) {
        const struct fdt_slot *slot = next >= 0 ? table_peek(next) : NULL;
        if (slot == NULL || (table_word(slot) & FDT_LIVE) == 0)
            return;
        run->fd = next;
    }
}

void misuse_bad_use(const struct call *call, int fd, bool has_past)
{
    struct run *run = &thread_self.uses;
    const char *name = call_name(call->id);
    pass_over_open(run, call, fd);
    /* A copy of a closed number is made by mistake, or to find out. Of the next number, too: to find out. */
    bool asks = strcmp(name, "dup") == 0 && goes_on(run, call, fd);
    bool suspect = in_run(run, call, fd);
    if (!has_past || asks)
        take_back(run);
    else if (suspect)
        remember_in_run(run, keep_stale(FDT_INCIDENT_BAD_USE, call, fd));
}

/* The list of open descriptors: /proc/self/fd, /proc/PID/fd, /dev/fd. */
static bool is_list(const struct fdt_slot *slot)
{
    const char *name = slot->life.name, *last = strrchr(name, '/');
    return last != NULL && strcmp(last, "/fd") == 0 &&
           (strncmp(name, "/proc/", 6) == 0 || strncmp(name, "/dev/", 5) == 0);
}

/* Whoever reads the list is about to close what it names. */
static bool list_is_open(void)
{
    for (uint32_t fd = 0; fd < table_end(); fd++)
        if ((table_word(table_at(fd)) & FDT_LIVE) && is_list(table_at(fd)))
            return true;
    return false;
}

/* Whoever reads it to its end first, and closes it, finds its own number among those it names. */
static bool was_list(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    return slot != NULL && is_list(slot);
}

void misuse_failed_close(const struct call *call, int fd, bool has_past)
{
    struct run *run = &thread_self.closes;
    if (UNLIKELY(quarantine_on) && list_is_open()) /* which names tombstones, too */
        return;
    bool suspect = in_run(run, call, fd);
    if (!has_past || was_list(fd))
        take_back(run);
    else if (suspect)
        remember_in_run(run, keep_stale(FDT_INCIDENT_DOUBLE_CLOSE, call, fd));
}

/* The number beside fd died by this very close, too: that is how a loop over open numbers looks. */
static bool follows_a_close(const struct call *call, int fd)
{
    for (int next = fd - 1; next <= fd + 1; next += 2) {
        const struct fdt_slot *slot = table_peek(next);
        if (slot != NULL && !(table_word(slot) & FDT_LIVE) && slot->death.ns != 0 &&
            slot->death.tid == thread_self.tid && slot->death.call == call->id && slot->death.site == stack_site(call))
            return true;
    }
    return false;
}

void misuse_hidden(const struct call *call, int fd, const struct fdt_life *life, bool swept)
{
    struct run *run = &thread_self.closes;
    struct evidence evidence = {.fd = fd, .state = FDT_LIVE | FDT_CLOEXEC | FDT_ADOPTED | FDT_HIDDEN, .life = *life};
    bool alone = !swept && !goes_on(run, call, fd) && !follows_a_close(call, fd) && !list_is_open();
    if (!swept && !in_run(run, call, fd))
        alone = false;
    if (!alone && !swept)
        sweep_hidden(run);
    uint32_t index = incident_keep(FDT_INCIDENT_HIDDEN, call, &evidence, alone ? CLOSED_ALONE : CLOSED_BY_A_SWEEP);
    if (alone)
        remember_in_run(run, index);
}

/* Streams end with fclose whoever opened them, but for popen's; endmntent is fclose. */
static bool ends(enum fdt_owner by, enum fdt_owner owner)
{
    return by == owner || (by == FDT_OWNER_STREAM && owner == FDT_OWNER_MNTENT);
}

static void closed_under_handle(const struct call *call, int fd, const struct fdt_slot *slot)
{
    struct run *run = &thread_self.closes;
    const void *handle = (const void *)(uintptr_t)slot->life.handle;
    uint32_t index = UINT32_MAX;
    /* 0 to 2 are closed by number since there are standard streams, which stay where they are. */
    if (fd > 2 && (table_word(slot) & (FDT_INHERITED | FDT_ADOPTED | FDT_HIDDEN | FDT_IGNORED)) == 0 &&
        in_run(run, call, fd) && !list_is_open()) {
        struct evidence evidence;
        incident_evidence(&evidence, fd);
        index = incident_keep(FDT_INCIDENT_MISMATCH, call, &evidence, 0);
        remember_in_run(run, index);
    }
    handle_ends(handle, HANDLE_ROBBED, fd, slot, index);
}

/* A handle whose number was closed under it ends, and takes with it what was given that number meanwhile. */
static void ended_on_another(const struct call *call, int fd, const struct fdt_slot *slot, const struct handle_end *end)
{
    struct evidence evidence;
    uint64_t word = table_word(slot);
    /* Put there on purpose (dup2 restores a stream's number), or not seen being born: nobody is accused. */
    if (end->fd != fd || slot->life.from >= 0 || (word & (FDT_INHERITED | FDT_ADOPTED | FDT_CONTESTED)) != 0 ||
        FDT_GENERATION(word) == FDT_GENERATION(end->state))
        return;
    incident_evidence(&evidence, fd);
    evidence.before = (struct fdt_past){
        .birth_ns = end->life.ns, .birth_site = end->life.site, .birth_tid = end->life.tid, .birth_call = end->life.call,
        .death_ns = end->death.ns, .death_site = end->death.site, .death_tid = end->death.tid,
        .death_call = end->death.call, .generation = FDT_GENERATION(end->state), .kind = end->life.kind,
        .owner = end->life.owner};
    incident_keep(FDT_INCIDENT_REUSE, call, &evidence, 0);
    /* One mistake, one finding. */
    if (end->incident != UINT32_MAX && __atomic_load_n(&store.incidents[end->incident].count, __ATOMIC_RELAXED) > 0)
        __atomic_fetch_sub(&store.incidents[end->incident].count, 1, __ATOMIC_RELAXED);
}

void misuse_ending(const struct call *call, int fd, const struct fdt_slot *slot, enum fdt_owner by, const void *handle)
{
    enum fdt_owner owner = (enum fdt_owner)slot->life.owner;
    bool has_handle = owner == FDT_OWNER_STREAM || owner == FDT_OWNER_DIR || owner == FDT_OWNER_POPEN ||
                      owner == FDT_OWNER_MNTENT;
    struct handle_end end;
    if (handle == NULL) {
        if (has_handle && by == FDT_OWNER_NONE)
            closed_under_handle(call, fd, slot);
        return;
    }
    /* Nobody saw the standard streams begin: what ends 0 to 2 is one of them, unless another handle has the number. */
    bool standard = fd <= 2 && slot->life.handle == 0;
    if (standard || slot->life.handle == (uint64_t)(uintptr_t)handle) {
        if (has_handle && !ends(by, owner) && (table_word(slot) & FDT_INHERITED) == 0)
            misuse_record(FDT_INCIDENT_MISMATCH, call, fd, 0);
        handle_ends(handle, HANDLE_ENDED, fd, slot, UINT32_MAX);
    } else if (handle_fate(handle, &end) == HANDLE_ROBBED) {
        ended_on_another(call, fd, slot, &end);
    }
}

void misuse_ended_again(const struct call *call, const void *handle)
{
    struct handle_end end;
    struct evidence evidence;
    if (handle_fate(handle, &end) != HANDLE_ENDED)
        return;
    incident_evidence(&evidence, end.fd);
    if (FDT_GENERATION(evidence.state) != FDT_GENERATION(end.state)) { /* the name is another's by now */
        memcpy(&evidence.life, &end.life, offsetof(struct fdt_life, name));
        evidence.life.name[0] = '\0';
        evidence.state = end.state;
    }
    evidence.death = end.death;
    incident_keep(FDT_INCIDENT_DOUBLE_CLOSE, call, &evidence, EBADF);
}
