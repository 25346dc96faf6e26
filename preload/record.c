/* The verbs. See record.h for what they promise, table.h for how slots change. */
#include "record.h"

#include "borrow.h"
#include "gate.h"
#include "handle.h"
#include "hidden.h"
#include "misuse.h"
#include "quarantine.h"
#include "raw.h"
#include "ring.h"
#include "sites.h"
#include "shapes.h"
#include "table.h"
#include "unrest.h"
#include "watch.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static void lose_slot(void)
{
    __atomic_fetch_add(&store.header->lost.slots, 1, __ATOMIC_RELAXED);
}

/* The generation the number has reached; 0: there is no room to tell of it. */
static inline __attribute__((always_inline)) uint32_t publish(const struct call *call, int fd, struct birth *birth,
                                                              uint64_t flags)
{
    struct fdt_slot *slot = table_slot(fd);
    if (UNLIKELY(slot == NULL)) {
        lose_slot();
        return 0;
    }
    birth->ns = store_now();
    birth->site = stack_site(call);
    table_born(slot, fd, call, birth, flags);
    if (UNLIKELY(quarantine_on)) {
        quarantine_make_room(0);
        misuse_opened(call);
    }
    uint32_t generation = FDT_GENERATION(table_word(slot));
    ring_put(&(struct event){.type = FDT_EVENT_BIRTH, .call = call->id, .site = birth->site, .fd = fd,
                             .other = birth->from, .ns = birth->ns, .generation = generation});
    return generation;
}

static COLD void born_in_a_vfork_child(int fd, bool cloexec)
{
    if (borrow_changes() != NULL)
        changes_open(borrow_changes(), fd, cloexec, false);
}

void fd_born(const struct call *call, int fd, struct birth *birth)
{
    if (UNLIKELY(fd < 0)) {
        fd_refused(call);
        return;
    }
    if (birth->from >= 0)
        fd_touch(birth->from);
    if (UNLIKELY(!gate_enter())) {
        born_in_a_vfork_child(fd, birth->cloexec);
        return;
    }
    if (birth->from >= 0)
        birth->from_generation = table_generation(birth->from);
    publish(call, fd, birth, (birth->cloexec ? FDT_CLOEXEC : 0) | (birth->untouched ? FDT_UNTOUCHED : 0));
    if (UNLIKELY(fd <= 2))
        misuse_landed(call, fd, birth->owner, birth->name);
    if (birth->handle != NULL)
        handle_begins(birth->handle);
}

/*
 * What a copy has in common with its source, if its lifetime lasted from before the call (seen) until after they were
 * copied: a birth fills the details in before it publishes, so only an unchanged word afterwards vouches for them. A
 * contested word vouches for nothing: the number is open, but whose it is may still be on its way.
 */
static bool copy_life(int fd, uint64_t seen, struct fdt_life *life, uint64_t *word)
{
    const struct fdt_slot *source = table_peek(fd);
    const uint64_t same = FDT_LIVE | ~UINT64_C(0) << FDT_GENERATION_SHIFT;
    *word = 0;
    if (source == NULL || !(seen & FDT_LIVE))
        return false;
    life->kind = source->life.kind;
    life->flags = source->life.flags;
    life->token = source->life.token;
    life->name[0] = '\0';
    if (source->life.name[0] != '\0')
        memcpy(life->name, source->life.name, sizeof(life->name)); /* while another thread writes: it may lack its end */
    life->name[sizeof(life->name) - 1] = '\0';
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    *word = table_word(source);
    return ((*word ^ seen) & same) == 0 && !((*word | seen) & FDT_CONTESTED);
}

static COLD void copied_in_a_vfork_child(int from, int to, bool cloexec)
{
    if (borrow_changes() != NULL)
        changes_copy(borrow_changes(), from, to, cloexec);
}

void fd_duped(const struct call *call, int from, uint64_t seen, int to, bool cloexec)
{
    if (UNLIKELY(to < 0)) {
        fd_refused(call);
        return;
    }
    fd_touch(from);
    if (UNLIKELY(!gate_enter())) {
        copied_in_a_vfork_child(from, to, cloexec);
        return;
    }
    struct fdt_life source;
    uint64_t word;
    bool known = copy_life(from, seen, &source, &word);
    struct birth birth = {.from = from, .from_generation = FDT_GENERATION(word)};
    if (LIKELY(known)) {
        birth.kind = source.kind;
        birth.flags = source.flags;
        birth.token = source.token;
        birth.name = source.name;
    } else {
        enum fdt_kind kind = table_kernel_kind(to);
        birth.kind = (uint8_t)(kind == FDT_KIND_COUNT ? FDT_OTHER : kind);
    }
    uint32_t generation = publish(call, to, &birth, (cloexec ? FDT_CLOEXEC : 0) | (known ? word & FDT_NAME_CUT : 0));
    watch_shared(from, FDT_GENERATION(word));
    watch_shared(to, generation);
    if (UNLIKELY(from <= 2) && from >= 0 && to > 2)
        misuse_moved(from);
}

void fd_abandoned(void)
{
    struct thread *self = &thread_self;
    struct fdt_slot *slot = table_peek(self->dying - 1);
    if (self->dying == 0)
        return;
    /* Still open, and nothing else has happened to it: the same lifetime goes on. */
    bool lives = slot != NULL && !self->dying_against && raw_getfd(self->dying - 1) >= 0 &&
                 table_revive(slot, self->dying_before, self->dying_after);
    if (slot != NULL && !lives)
        table_settle(slot, self->dying - 1);
    if (self->dying_against)
        unrest_end();
    self->dying = 0;
}

/*
 * A handler that interrupts a close and closes something itself takes the outer death for abandoned. What the kernel answers
 * then is right for the moment; the outer close puts it right once more when it returns.
 */
static void announce(const struct dying *dying)
{
    struct thread *self = &thread_self;
    if (UNLIKELY(self->dying != 0))
        fd_abandoned();
    self->dying = dying->fd + 1;
    self->dying_against = dying->against;
    self->dying_before = dying->before;
    self->dying_after = dying->after;
    if (dying->against)
        unrest_begin();
}

static void conclude_announced(struct dying *dying)
{
    struct thread *self = &thread_self;
    if (self->dying == dying->fd + 1) {
        self->dying = 0;
        if (dying->against)
            unrest_end();
    }
    dying->recorded = dying->against = false;
}

/* Inlined into both verbs below: this is the way of every close. Filled in where the wrapper will read it. */
static inline __attribute__((always_inline)) void begin_dying(const struct call *call, int fd, struct dying *dying)
{
    dying->fd = fd;
    dying->recorded = dying->against = dying->echo = false;
    dying->before = dying->after = 0;
    if (fd < 0 || UNLIKELY(!gate_enter()))
        return;
    struct fdt_slot *slot = table_peek(fd);
    if (LIKELY(slot != NULL)) {
        struct fdt_death death = {.ns = store_now(), .site = stack_site(call), .tid = thread_self.tid, .call = call->id};
        dying->recorded = table_death(slot, &dying->before, &death, &dying->after);
        dying->site = death.site;
        dying->ns = death.ns;
        if (UNLIKELY(watch_on) && dying->recorded)
            watch_leaves(fd, slot);
    }
    dying->against = !dying->recorded;
    announce(dying);
}

struct dying fd_dying(const struct call *call, int fd)
{
    struct dying dying;
    begin_dying(call, fd, &dying);
    return dying;
}

/* Dead in the table, still open in the kernel: until the real call the slot is nobody else's. */
static COLD void ending_a_handle(const struct call *call, int fd, struct dying *dying, enum fdt_owner owner, const void *handle)
{
    int saved = errno;
    struct handle_end end;
    if (handle != NULL && handle_fate(handle, &end) != HANDLE_UNKNOWN)
        dying->echo = true;
    if (dying->recorded)
        misuse_ending(call, fd, &store.table[fd], owner, handle);
    errno = saved;
}

/* A close of a number whose birth nobody saw. */
static COLD void ending_the_unseen(const struct call *call, int fd, const struct dying *dying)
{
    int saved = errno;
    const struct fdt_slot *slot = table_peek(fd);
    uint64_t word = dying->recorded ? dying->before : 0;
    struct fdt_life life;
    if (fd > 2 && (uint32_t)fd < table_end() + HIDDEN_ABOVE &&
        (slot == NULL || hidden_may_be(word, &slot->life)) && hidden_ask(fd, &life))
        misuse_hidden(call, fd, &life, false);
    errno = saved;
}

#ifdef __GLIBC__
extern FILE _IO_2_1_stdin_ __attribute__((weak)), _IO_2_1_stdout_ __attribute__((weak)), _IO_2_1_stderr_ __attribute__((weak));
#endif

/* What libc's own stream did with it we did not see, only that it has needed its buffer. musl does not tell. */
static COLD void touch_by_stream(int fd)
{
#ifdef __GLIBC__
    const FILE *stream = fd == 0 ? &_IO_2_1_stdin_ : fd == 1 ? &_IO_2_1_stdout_ : &_IO_2_1_stderr_;
    if (stream != NULL && stream->_fileno == fd && stream->_IO_buf_base == NULL)
        return;
#endif
    fd_touch(fd);
}

struct dying fd_ending(const struct call *call, int fd, enum fdt_owner owner, const void *handle)
{
    struct dying dying;
    if (UNLIKELY(fd >= 0 && fd <= 2))
        touch_by_stream(fd);
    begin_dying(call, fd, &dying);
    if (UNLIKELY(dying.against || (dying.before & (FDT_INHERITED | FDT_ADOPTED))) && handle == NULL)
        ending_the_unseen(call, fd, &dying);
    if (handle != NULL || (dying.recorded && UNLIKELY(store.table[fd].life.owner != FDT_OWNER_NONE)))
        ending_a_handle(call, fd, &dying, owner, handle);
    return dying;
}

bool fd_handle_ended(const void *handle)
{
    struct handle_end end;
    return handle_fate(handle, &end) == HANDLE_ENDED;
}

void fd_ended_again(const struct call *call, const void *handle)
{
    int saved = errno;
    if (gate_enter())
        misuse_ended_again(call, handle);
    errno = saved;
}

/* Does the table tell of a lifetime that the kernel knows nothing of? */
static bool is_gone(struct fdt_slot *slot, int fd, uint64_t word)
{
    bool open = raw_getfd(fd) >= 0 && !(UNLIKELY(quarantine_on) && quarantine_is_tombstone(fd));
    return !open && table_word(slot) == word;
}

/*
 * Something has happened to the number between our record and now. A handler may have found it open still. Somebody was given
 * it, which is as it should be. Or a stale close freed it before ours did, and ours has closed what it was given to next: then
 * the table is put right, and who has not recorded it yet is told of unrest.
 */
static COLD void conclude_late(struct fdt_slot *slot, const struct dying *dying)
{
    uint64_t word = table_word(slot);
    uint32_t generation = FDT_GENERATION(dying->after);
    table_stays_dead(slot, generation);
    bool given = (word & FDT_LIVE) && FDT_GENERATION(word) != generation;
    if ((word & FDT_CONTESTED) || (given && is_gone(slot, dying->fd, word))) {
        unrest_begin();
        table_settle(slot, dying->fd);
        unrest_end();
    }
}

/* After a death that went through: the ring, the errno it came with, and races another thread may have left behind. */
static inline void conclude(const struct call *call, const struct dying *dying, struct fdt_slot *slot, int error)
{
    if (UNLIKELY(error != 0) && FDT_GENERATION(table_word(slot)) == FDT_GENERATION(dying->after))
        slot->death.error = (uint16_t)error;
    ring_put(&(struct event){.type = FDT_EVENT_DEATH, .call = call->id, .site = dying->site, .fd = dying->fd, .other = -1,
                             .value = error, .generation = FDT_GENERATION(dying->after), .ns = dying->ns});
    if (UNLIKELY(table_word(slot) != dying->after))
        conclude_late(slot, dying);
}

/* A close succeeded on a number the table believed dead: its birth was not seen, or is still being written elsewhere. */
static void settle_success(struct fdt_slot *slot, int fd)
{
    if (slot != NULL && (FDT_GENERATION(table_word(slot)) != 0 || gate_threaded()))
        table_settle(slot, fd);
}

/* It failed, or the table was wrong. */
static COLD void died_oddly(const struct call *call, struct dying *dying, int error)
{
    int saved = errno;
    struct fdt_slot *slot = table_peek(dying->fd);
    if (dying->recorded) {
        /* The kernel had it closed already, unseen: whoever did it, this is not the one to accuse. */
        table_settle(slot, dying->fd);
    } else if (error != EBADF) {
        settle_success(slot, dying->fd);
    } else {
        bool has_past = slot != NULL && FDT_GENERATION(table_word(slot)) != 0;
        if (!dying->echo)
            misuse_failed_close(call, dying->fd, has_past);
    }
    errno = saved;
}

void fd_died(const struct call *call, struct dying *dying, int error)
{
    if (LIKELY(dying->recorded && error != EBADF)) {
        conclude(call, dying, &store.table[dying->fd], error);
        misuse_closed(call, dying->fd);
    } else if (dying->recorded || dying->against) {
        died_oddly(call, dying, error);
    } else {
        if (UNLIKELY(borrow_changes() != NULL) && error != EBADF)
            changes_close(borrow_changes(), dying->fd);
        return;
    }
    conclude_announced(dying); /* only now that the table agrees again */
}

void fd_ended(const struct call *call, struct dying *dying, int error)
{
    bool gone = dying->recorded && error != EBADF;
    int saved = errno;
    fd_died(call, dying, error);
    if (UNLIKELY(quarantine_on) && gone)
        quarantine_keep(dying->fd, FDT_GENERATION(dying->after));
    errno = saved;
}

void fd_survived(const struct call *call, struct dying *dying)
{
    (void)call;
    int saved = errno;
    if (dying->recorded) {
        struct fdt_slot *slot = table_peek(dying->fd);
        if (!table_revive(slot, dying->before, dying->after))
            table_settle(slot, dying->fd);
    }
    if (dying->recorded || dying->against)
        conclude_announced(dying);
    errno = saved;
}

void fd_replaced(const struct call *call, struct dying *dying, int from, uint64_t seen, bool cloexec)
{
    struct call alone = *call;
    bool dying_recorded = dying->recorded;
    if (dying->recorded)
        fd_died(call, dying, 0);
    if (dying_recorded && dying->fd > 2 && gate_enter()) /* the slot still tells of the one that was overwritten */
        misuse_record(FDT_INCIDENT_OVERWRITE, call, dying->fd, 0);
    /* The number looked free. With one thread it was, and our own unrest is no reason to doubt this birth. */
    if (dying->against && !gate_threaded() && unrest_is_ours(call)) {
        conclude_announced(dying);
        alone.unrest = fdt_unrest;
    }
    fd_duped(&alone, from, seen, dying->fd, cloexec);
    if (dying->against)
        conclude_announced(dying);
}

bool fd_yields(int fd, int target)
{
    if (LIKELY(!quarantine_on) || fd == target)
        return false;
    int saved = errno;
    bool yielded = gate_enter() && quarantine_yield(target);
    errno = saved;
    return yielded;
}
