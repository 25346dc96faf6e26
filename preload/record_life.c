/* The verbs for what happens between a birth and a death, and to many numbers at once. See record.h. */
#include "record.h"

#include "borrow.h"
#include "filter.h"
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

#include <limits.h>
#include <string.h>
/* The part of [first, last] that was ever recorded: [first, return value). */
static uint32_t sweep_end(unsigned last)
{
    uint32_t end = table_end();
    return last < end ? last + 1 : end;
}

/* Before a sweep: which of libc's own will it take along? Free numbers are asked about one by one, hence the bound. */
static void sweep_hidden(const struct call *call, unsigned first, unsigned last)
{
    enum { ASKED_MOST = 64 };
    uint32_t end = table_end() + HIDDEN_ABOVE, asked = 0;
    for (uint32_t fd = first > 2 ? first : 3; fd < end && fd <= last && asked < ASKED_MOST; fd++) {
        const struct fdt_slot *slot = table_at(fd);
        struct fdt_life life;
        if (!hidden_may_be(table_word(slot), &slot->life))
            continue;
        asked++;
        if (hidden_ask((int)fd, &life))
            misuse_hidden(call, (int)fd, &life, first != last);
    }
}

void fd_sweep_begin(const struct call *call, unsigned first, unsigned last)
{
    int saved = errno;
    if (gate_enter()) {
        sweep_hidden(call, first, last);
        struct fdt_death death = {.ns = store_now(), .site = stack_site(call), .tid = thread_self.tid, .call = call->id};
        unrest_begin();
        if (UNLIKELY(quarantine_on))
            quarantine_yield_range(first, last);
        for (uint32_t fd = first; fd < sweep_end(last); fd++) {
            uint64_t word, after;
            table_death(table_at(fd), &word, &death, &after);
        }
        ring_write(&(struct event){.type = FDT_EVENT_SWEEP, .call = call->id, .site = death.site, .fd = (int32_t)first,
                                   .other = (int32_t)last, .ns = death.ns});
    }
    errno = saved;
}

void fd_sweep_end(unsigned first, unsigned last, int error)
{
    int saved = errno;
    if (gate_enter()) {
        /*
         * A birth that another thread recorded meanwhile may have been swept away by the kernel after all, and a sweep
         * that failed (EINVAL, ENOSYS) closed nothing: what does not look as it should is asked about.
         */
        for (uint32_t fd = first; fd < sweep_end(last); fd++) {
            struct fdt_slot *slot = table_at(fd);
            uint64_t word = table_word(slot);
            if (error == 0 ? (word & FDT_LIVE) != 0 : FDT_GENERATION(word) != 0)
                table_settle(slot, (int)fd);
        }
        unrest_end();
    } else if (borrow_changes() != NULL && error == 0) {
        changes_close_range(borrow_changes(), first, last);
    }
    errno = saved;
}

/* Sets or clears close-on-exec in the record. A word that moved since the caller took it means a race: the kernel is asked. */
static void flag(const struct call *call, struct fdt_slot *slot, int fd, uint64_t word, bool cloexec)
{
    uint64_t set = cloexec ? FDT_CLOEXEC | FDT_FLAG_SET : FDT_FLAG_CLEARED;
    uint64_t seen = word;
    if ((word & FDT_LIVE) == 0) {
        /* A birth nobody saw is adopted when it matters. One that another thread is about to record must hear of this. */
        if (gate_threaded()) {
            unrest_begin();
            table_settle(slot, fd);
            unrest_end();
        }
        return;
    }
    if (!table_swap(slot, &word, table_next(word, set, cloexec ? 0 : FDT_CLOEXEC))) {
        table_settle(slot, fd);
        return;
    }
    if (cloexec && (seen & FDT_CLOEXEC) && call != NULL)
        misuse_flagged_again(call, fd);
    if (cloexec && (seen & (FDT_CLOEXEC | FDT_FLAG_SET)) == 0) {
        table_no_longer_inheritable(slot);
        misuse_flagged(fd);
        if (call != NULL && fd > 2 && !(seen & (FDT_INHERITED | FDT_ADOPTED | FDT_FLAG_CLEARED)))
            misuse_flagged_late(call, fd);
    }
}

void fd_flagged(const struct call *call, int fd, uint64_t word, bool cloexec)
{
    int saved = errno;
    if (gate_enter()) {
        struct fdt_slot *slot = table_peek(fd);
        if (slot != NULL) {
            flag(call, slot, fd, word, cloexec);
            ring_write(&(struct event){.type = FDT_EVENT_CLOEXEC, .call = call->id, .site = stack_site(call), .fd = fd,
                                       .other = -1, .value = cloexec, .generation = FDT_GENERATION(word),
                                       .ns = store_now()});
        }
    } else if (UNLIKELY(borrow_changes() != NULL)) {
        changes_flag(borrow_changes(), fd, cloexec);
    }
    errno = saved;
}

void fd_sweep_cloexec(unsigned first, unsigned last)
{
    int saved = errno;
    if (gate_enter()) {
        unrest_begin(); /* a birth on its way into the table may have the flag now, whatever its own arguments said */
        for (uint32_t fd = first; fd < sweep_end(last); fd++) {
            struct fdt_slot *slot = table_at(fd);
            uint64_t word = table_word(slot);
            if ((word & FDT_LIVE) && gate_threaded())
                table_settle(slot, (int)fd); /* it may have been born after the sweep passed it */
            else if (word & FDT_LIVE)
                flag(NULL, slot, (int)fd, word, true);
        }
        unrest_end();
    } else if (borrow_changes() != NULL) {
        changes_flag_range(borrow_changes(), first, last);
    }
    errno = saved;
}

uint64_t fd_word(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    return slot != NULL ? table_word(slot) : 0;
}

void fd_touch_slowly(int fd)
{
    struct fdt_slot *slot = table_peek(fd);
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    int saved = errno;
    while ((word & (FDT_LIVE | FDT_UNTOUCHED)) == (FDT_LIVE | FDT_UNTOUCHED) && gate_enter() &&
           !table_swap(slot, &word, table_next(word, 0, FDT_UNTOUCHED)))
        ;
    if ((word & (FDT_LIVE | FDT_TIMED)) == (FDT_LIVE | FDT_TIMED) && gate_enter())
        table_used(slot);
    errno = saved;
}

void fd_named(const struct call *call, int fd, const char *name)
{
    int saved = errno;
    if (gate_enter()) {
        struct fdt_slot *slot = table_peek(fd);
        fd_touch(fd);
        bool labeled = slot != NULL && (table_word(slot) & FDT_LABELED); /* the program's own word goes first */
        if (slot != NULL && !labeled && table_rename(slot, name))
            ring_write(&(struct event){.type = FDT_EVENT_NAME, .call = call->id, .site = stack_site(call), .fd = fd,
                                       .other = -1, .generation = table_generation(fd), .ns = store_now()});
    }
    errno = saved;
}

void fd_owned(const struct call *call, int fd, enum fdt_owner owner, const void *handle)
{
    int saved = errno;
    if (gate_enter()) {
        struct fdt_slot *slot = table_peek(fd);
        fd_touch(fd);
        handle_begins(handle); /* over a number nobody saw being born, too: what ended at this address was another handle */
        if (slot != NULL && (table_word(slot) & FDT_LIVE)) {
            slot->life.handle = (uint64_t)(uintptr_t)handle;
            slot->life.owner = (uint8_t)owner;
            ring_write(&(struct event){.type = FDT_EVENT_OWNER, .call = call->id, .site = stack_site(call), .fd = fd,
                                       .other = -1, .value = owner, .generation = table_generation(fd), .ns = store_now()});
        }
    }
    errno = saved;
}

enum fdt_kind fd_kind(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    if (slot == NULL || (table_word(slot) & FDT_LIVE) == 0 || slot->life.kind >= FDT_KIND_COUNT)
        return FDT_OTHER;
    return (enum fdt_kind)slot->life.kind;
}

void fd_bad_use(const struct call *call, int fd)
{
    int saved = errno;
    if (fd >= 0 && gate_enter()) {
        const struct fdt_slot *slot = table_peek(fd);
        uint64_t word = slot != NULL ? table_word(slot) : 0;
        /* Live: the access mode was wrong, or another thread was given the number meanwhile. Neither is a use of the dead. */
        if ((word & FDT_LIVE) == 0)
            misuse_bad_use(call, fd, FDT_GENERATION(word) != 0);
    }
    errno = saved;
}

void fd_over_select(const struct call *call, int fd)
{
    int saved = errno;
    if (gate_enter() && (fd_word(fd) & FDT_LIVE))
        misuse_record(FDT_INCIDENT_OVER_SELECT, call, fd, 0);
    errno = saved;
}

/*
 * Some calls answer EMFILE also for a limit that is none on descriptors (of instances, of bytes in queues). Theirs counts
 * when a descriptor of another kind cannot be had, either; where a filter forbids us to try, nobody is accused.
 */
static bool other_limit(const struct call *call)
{
    static const char *const calls[] = {"inotify_init", "inotify_init1", "fanotify_init", "mq_open"};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(call_name(call->id), calls[i]) != 0)
            continue;
        if (filter_known())
            return true;
        long fd = raw(eventfd2, 0, O_CLOEXEC);
        if (fd >= 0)
            raw(close, fd);
        return fd >= 0;
    }
    return false;
}

void fd_refused(const struct call *call)
{
    int saved = errno;
    if ((saved == EMFILE || saved == ENFILE) && gate_enter() && !(saved == EMFILE && other_limit(call)))
        misuse_limit(call, saved);
    if (UNLIKELY(quarantine_on) && saved == EMFILE && gate_enter())
        quarantine_make_room(UINT_MAX);
    errno = saved;
}

void fd_bound(const struct call *call, int fd)
{
    int saved = errno;
    if (gate_enter() && (fd_word(fd) & FDT_LIVE))
        misuse_bound(call, fd);
    errno = saved;
}
