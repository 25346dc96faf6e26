/* See names.h. */
#include "names.h"

#include "end.h"
#include "filter.h"
#include "raw.h"
#include "say.h"
#include "store.h"
#include "table.h"
#include "thread.h"

#include <string.h>
#include <sys/prctl.h>

/*
 * The main thread's name has a place of its own: most programs have no other thread, and a page of entries would cost
 * their start tens of microseconds.
 */
static bool is_main(const struct thread *self)
{
    return self->tid != 0 && self->tid == store.header->pid;
}

static struct fdt_thread *entry_of(const struct thread *self)
{
    return self->entry != 0 ? &store.threads[self->entry - 1] : NULL;
}

/* Where the calling thread's name is kept; NULL: it is not. */
static char *place_of_name(void)
{
    struct fdt_thread *entry = entry_of(&thread_self);
    return is_main(&thread_self) ? store.header->main_thread : entry != NULL ? entry->name : NULL;
}

/* A reader in between sees some of the old name and some of the new one; the last byte is 0 in both. */
static void put_name(char *place, const char name[FDT_THREAD_NAME])
{
    memcpy(place, name, FDT_THREAD_NAME - 1);
}

/* False: it is not told. */
static bool own_name(char name[FDT_THREAD_NAME])
{
    return raw(prctl, PR_GET_NAME, name) == 0;
}

/*
 * All places are taken: that of an ended thread of the same name will do, mostly one of many that nobody ever named.
 * Its number goes without a name from now on. UINT32_MAX: there is none.
 */
static uint32_t take_over(const char name[FDT_THREAD_NAME])
{
    static uint32_t next; /* the one that was taken last is the youngest */
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_THREADS], __ATOMIC_ACQUIRE);
    for (uint32_t tried = 0; tried < have; tried++) {
        uint32_t index = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % have, complete = 1;
        struct fdt_thread *entry = &store.threads[index];
        if (__atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) == 1 &&
            __atomic_load_n(&entry->ended_ns, __ATOMIC_ACQUIRE) != 0 &&
            strncmp(entry->name, name, FDT_THREAD_NAME) == 0 &&
            __atomic_compare_exchange_n(&entry->commit, &complete, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return index;
    }
    return UINT32_MAX;
}

static void take_place(struct thread *self)
{
    char name[FDT_THREAD_NAME] = "";
    own_name(name);
    uint32_t index = store_take(FDT_PART_THREADS, &store.header->threads, 1);
    if (index == UINT32_MAX) {
        __atomic_fetch_add(&store.header->lost.threads, 1, __ATOMIC_RELAXED);
        if ((index = take_over(name)) == UINT32_MAX)
            return;
    }
    struct fdt_thread *entry = &store.threads[index];
    entry->tid = self->tid;
    entry->born_ns = store_now();
    entry->ended_ns = 0;
    put_name(entry->name, name);
    __atomic_store_n(&entry->commit, 1, __ATOMIC_RELEASE);
    self->entry = index + 1;
}

/* Of one whose end nobody will see it is not known how long the number is its own: it goes without a name. */
void names_introduce(bool end_seen)
{
    struct thread *self = &thread_self;
    self->entry = 0;
    if (is_main(self))
        names_refresh();
    else if (self->tid != 0 && end_seen)
        take_place(self);
}

void names_refresh(void)
{
    char name[FDT_THREAD_NAME] = "", *place = place_of_name();
    if (place != NULL && !filter_known() && own_name(name))
        put_name(place, name);
}

void names_end(void)
{
    struct fdt_thread *entry = entry_of(&thread_self);
    names_refresh();
    thread_self.entry = 0; /* before somebody may take the place over */
    if (entry != NULL)
        __atomic_store_n(&entry->ended_ns, store_now(), __ATOMIC_RELEASE);
}

enum { ASKED_MOST = 64 };

/* The threads that findings may name, as many as are worth asking about. */
struct named {
    int32_t  tids[ASKED_MOST];
    uint32_t count;
};

static bool is_among(const struct named *named, int32_t tid)
{
    for (uint32_t i = 0; i < named->count; i++)
        if (named->tids[i] == tid)
            return true;
    return false;
}

static void add(struct named *named, int32_t tid)
{
    if (tid != 0 && named->count < ASKED_MOST && !is_among(named, tid))
        named->tids[named->count++] = tid;
}

static void add_culprits(struct named *named)
{
    uint32_t count = __atomic_load_n(&store.header->incidents, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_INCIDENTS], __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count && i < have; i++) {
        const struct fdt_incident *incident = &store.incidents[i];
        if (__atomic_load_n(&incident->commit, __ATOMIC_ACQUIRE) != 1)
            continue;
        add(named, incident->tid);
        add(named, incident->life.tid);
        add(named, incident->death.tid);
        add(named, incident->before.birth_tid);
        add(named, incident->before.death_tid);
    }
}

static void add_owners(struct named *named)
{
    for (uint32_t fd = 0; fd < table_end(); fd++)
        if (end_is_leak((int)fd, table_word(table_at(fd))))
            add(named, table_at(fd)->life.tid);
}

/* /proc has the names of other threads. No number is free, or there is no /proc: the old name stays. */
static void ask_name_of(int32_t tid, char *place)
{
    struct line path = {.length = 0};
    char name[FDT_THREAD_NAME + 1] = "";
    line_text(&path, "/proc/self/task/");
    line_number(&path, tid);
    line_text(&path, "/comm");
    path.text[path.length] = '\0';
    int fd = raw_open(path.text, O_RDONLY, 0);
    if (fd < 0)
        return;
    long length = raw(read, fd, name, sizeof(name) - 1);
    raw(close, fd);
    if (length <= 0)
        return;
    name[length - 1] = '\0'; /* the end of the line, which is the kernel's: a name may have line ends of its own */
    memset(name + length, 0, sizeof(name) - (size_t)length);
    put_name(place, name);
}

void names_last(void)
{
    struct named named = {.count = 0};
    uint32_t count = __atomic_load_n(&store.header->threads, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_THREADS], __ATOMIC_ACQUIRE);
    if (filter_known())
        return;
    names_refresh();
    add_culprits(&named);
    add_owners(&named);
    if (!is_main(&thread_self) && is_among(&named, store.header->pid))
        ask_name_of(store.header->pid, store.header->main_thread);
    for (uint32_t i = 0; i < count && i < have; i++) {
        struct fdt_thread *entry = &store.threads[i];
        if (__atomic_load_n(&entry->commit, __ATOMIC_ACQUIRE) == 1 && entry->ended_ns == 0 &&
            entry->tid != thread_self.tid && is_among(&named, entry->tid))
            ask_name_of(entry->tid, entry->name);
    }
}
