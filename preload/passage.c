/* See passage.h. */
#include "passage.h"

#include "filter.h"
#include "follow.h"
#include "gate.h"
#include "misuse.h"
#include "raw.h"
#include "ring.h"
#include "sites.h"
#include "table.h"

#include <string.h>

#define NOTHING UINT32_MAX

/* --- which numbers arguments and environment name --- */

static void name_number(struct passage *passage, long number)
{
    if (number > 2 && passage->named_count < PASSAGE_NUMBERS)
        passage->named[passage->named_count++] = (int32_t)number;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number ends where a list, a word or an expression goes on: 3,4  7)  7' but not 7.5, 7px, 01;34 or 7/x. */
static bool ends_number(char c)
{
    return c == '\0' || strchr(", )]'\"\n\t&|<>", c) != NULL;
}

/* A word of nothing but numbers and colons, 12:13:15, as Java tells its helper. In a longer one colons stand for other things. */
static bool is_colon_list(const char *text)
{
    const char *end = text;
    while (is_digit(*end) || *end == ':')
        end++;
    return is_digit(*text) && *end == '\0';
}

/* What may stand before a descriptor's number: the start of a word, --fd=7, 3,4, <&7, or "fd" and at most a sign: /fd/7. */
static bool begins_number(const char *text, const char *digit)
{
    if (digit == text || strchr("=,&", digit[-1]) != NULL)
        return true;
    if (digit - text > 2 && strchr("/:-_ ", digit[-1]) != NULL)
        digit--;
    if (digit - text > 2 && (digit[-1] | 32) == 's')
        digit--;
    return digit - text >= 2 && (digit[-2] | 32) == 'f' && (digit[-1] | 32) == 'd';
}

static void find_numbers(struct passage *passage, const char *text)
{
    bool colons = is_colon_list(text);
    for (const char *at = text; *at != '\0'; at++) {
        if (!is_digit(*at) || (at > text && is_digit(at[-1])))
            continue;
        const char *end = at;
        long number = 0;
        for (; is_digit(*end) && end - at < 8; end++)
            number = number * 10 + (*end - '0');
        if (*at != '0' && (colons || (ends_number(*end) && begins_number(text, at))))
            name_number(passage, number);
    }
}

/* Variables that count something else, and are nearly always there. */
static bool counts_something_else(const char *variable)
{
    static const char *const names[] = {"SHLVL", "LINES", "COLUMNS", "XDG_SESSION_ID", "XDG_VTNR", "WINDOWID", "UID",
                                        "EUID", "PPID", "GROUPS", "HISTSIZE", "HISTFILESIZE", "RANDOM", "SECONDS",
                                        "OMP_NUM_THREADS", "DISPLAY", "COLORFGBG", "LISTEN_PID", "OLDPWD", "PWD", "PATH",
                                        "FDTRACE_OPTIONS", "FDTRACE_RUN", "FDTRACE_SESSION", "LS_COLORS"};
    size_t length = strcspn(variable, "=");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == length && memcmp(names[i], variable, length) == 0)
            return true;
    return false;
}

static void read_environment(struct passage *passage, char *const envp[])
{
    for (size_t i = 0; envp != NULL && envp[i] != NULL; i++) {
        const char *variable = envp[i], *value = strchr(variable, '=');
        if (value == NULL || counts_something_else(variable))
            continue;
        if (strncmp(variable, "LISTEN_FDS=", 11) == 0) {
            long count = 0;
            for (const char *digit = variable + 11; is_digit(*digit) && count < 100000; digit++)
                count = count * 10 + (*digit - '0');
            passage->listen_end = (int32_t)(3 + count);
        } else {
            find_numbers(passage, variable);
        }
    }
}

static bool names_number(const struct passage *passage, int fd)
{
    if (fd <= 2 || fd == passage->executed_from || fd < passage->listen_end)
        return true;
    for (uint32_t i = 0; i < passage->named_count; i++)
        if (passage->named[i] == fd)
            return true;
    return false;
}

/* --- describing --- */

/* The path, then the arguments, as long as they fit; the last one may be cut. */
static void put_text(struct passage *passage, const char *path, char *const argv[])
{
    size_t at = 0;
    for (size_t i = 0; i == 0 || (argv != NULL && argv[i - 1] != NULL); i++) {
        const char *word = i == 0 ? path : argv[i - 1];
        size_t length = word != NULL ? strlen(word) : 0, room = FDT_EXEC_TEXT - at;
        if (room < 2) {
            passage->flags |= FDT_EXEC_CUT;
            break;
        }
        if (length >= room) {
            length = room - 1;
            passage->flags |= FDT_EXEC_CUT;
        }
        memcpy(passage->text + at, word, length);
        passage->text[at + length] = '\0';
        at += length + 1;
        passage->argc += i > 0;
    }
}

bool passage_readable(const char *path, char *const argv[], char *const envp[])
{
    if (filter_known()) /* no system call of ours, then: nobody but a test passes bad pointers */
        return true;
    return (path == NULL || raw_readable(path)) && (argv == NULL || raw_readable(argv)) &&
           (envp == NULL || raw_readable(envp));
}

void passage_begin(struct passage *passage, const struct call *call, enum fdt_exec_how how, const char *path,
                   char *const argv[], char *const envp[], int executed_from)
{
    memset(passage, 0, offsetof(struct passage, text));
    passage->ns = store_now();
    passage->site = stack_site(call);
    passage->tid = how == FDT_EXEC_VFORK ? (int32_t)raw(gettid) : thread_self.tid;
    passage->call = call->id;
    passage->how = (uint16_t)how;
    passage->executed_from = executed_from;
    passage->flags = !follow_loads_us(envp) ? FDT_EXEC_UNFOLLOWED : follow_leaves(envp) ? FDT_EXEC_ELSEWHERE : 0;
    put_text(passage, path, argv);
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
        find_numbers(passage, argv[i]);
    read_environment(passage, envp);
}

/* --- recording --- */

static uint32_t hash(uint32_t seed, const char *text)
{
    for (; *text != '\0'; text++)
        seed = (seed ^ (uint8_t)*text) * 16777619u;
    return seed;
}

/* The first of those with this call, site and path; itself, when it is the first. */
static uint32_t join_group(uint32_t index)
{
    struct fdt_exec *exec = &store.execs[index];
    uint32_t *head = &guard->execs[hash(2166136261u ^ exec->site ^ ((uint32_t)exec->call << 16), exec->text) % 64];
    uint32_t first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    for (uint32_t at = first; at != 0; at = store.execs[at - 1].next) {
        const struct fdt_exec *other = &store.execs[at - 1];
        if (other->call == exec->call && other->site == exec->site && strcmp(other->text, exec->text) == 0)
            return at - 1;
    }
    /* Two threads may add the same group at once: a reader, who compares what groups are, does not mind. */
    do
        exec->next = first;
    while (!__atomic_compare_exchange_n(head, &first, index + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return index;
}

static uint32_t record_exec(const struct passage *passage, pid_t child)
{
    uint32_t index = store_take(FDT_PART_EXECS, &store.header->execs, 1);
    if (index == NOTHING) {
        __atomic_fetch_add(&store.header->lost.execs, 1, __ATOMIC_RELAXED);
        return NOTHING;
    }
    struct fdt_exec *exec = &store.execs[index];
    exec->call = passage->call;
    exec->how = passage->how;
    exec->ns = passage->ns;
    exec->site = passage->site;
    exec->tid = passage->tid;
    exec->child = child;
    exec->error = 0;
    exec->flags = passage->flags;
    exec->argc = passage->argc;
    memcpy(exec->text, passage->text, sizeof(exec->text));
    exec->group = passage->how == FDT_EXEC_SELF ? index : join_group(index);
    __atomic_store_n(&exec->commit, 1, __ATOMIC_RELEASE);
    ring_write(&(struct event){.type = passage->how == FDT_EXEC_SELF ? FDT_EVENT_EXEC : FDT_EVENT_SPAWN,
                               .call = passage->call, .site = passage->site, .fd = -1, .other = -1, .value = child,
                               .ns = passage->ns});
    return index;
}

/* One descriptor of the new program: fd there, the lifetime of slot here. */
struct crossed {
    uint32_t group;
    int32_t  fd, from;
    uint32_t flags;
    uint64_t word;
};

static bool is_same(const struct fdt_crossing *known, const struct crossed *new, const struct fdt_life *life)
{
    return known->group == new->group && known->fd == new->fd && known->from == new->from &&
           known->flags == new->flags && known->life.site == life->site && known->life.call == life->call &&
           known->life.root_pid == life->root_pid && known->life.root_site == life->root_site;
}

static void record_crossing(const struct crossed *new, const struct fdt_life *life)
{
    uint32_t generation = FDT_GENERATION(new->word);
    uint32_t *head = &guard->crossings[(new->group * 31u + (uint32_t)new->fd * 7u + life->site) % 256];
    uint32_t first = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    for (uint32_t at = first; at != 0; at = store.crossings[at - 1].next) {
        struct fdt_crossing *known = &store.crossings[at - 1];
        if (!is_same(known, new, life))
            continue;
        __atomic_fetch_add(&known->crossings, 1, __ATOMIC_RELAXED);
        if (__atomic_exchange_n(&known->generation, generation, __ATOMIC_RELAXED) != generation)
            __atomic_fetch_add(&known->lifetimes, 1, __ATOMIC_RELAXED);
        return;
    }
    uint32_t index = store_take(FDT_PART_CROSSINGS, &store.header->crossings, 1);
    if (index == NOTHING) {
        __atomic_fetch_add(&store.header->lost.crossings, 1, __ATOMIC_RELAXED);
        return;
    }
    struct fdt_crossing *crossing = &store.crossings[index];
    crossing->group = new->group;
    crossing->fd = new->fd;
    crossing->from = new->from;
    crossing->flags = new->flags;
    crossing->state = new->word;
    crossing->generation = generation;
    crossing->crossings = crossing->lifetimes = 1;
    crossing->life = *life;
    __atomic_store_n(&crossing->commit, 1, __ATOMIC_RELEASE);
    do
        crossing->next = first;
    while (!__atomic_compare_exchange_n(head, &first, index + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

/* fd of the child is what `from` was here in that generation. */
static void crosses(const struct passage *passage, uint32_t group, int fd, int from, uint32_t generation, bool meant)
{
    const struct fdt_slot *slot = table_peek(from);
    if (slot == NULL)
        return;
    struct crossed new = {.group = group, .fd = fd, .from = from, .word = table_word(slot)};
    if (FDT_GENERATION(new.word) != generation || slot->life.ns > passage->ns)
        return;
    if (meant || (new.word & FDT_FLAG_CLEARED) || names_number(passage, fd))
        new.flags |= FDT_CROSSING_INTENDED;
    record_crossing(&new, &slot->life);
}

void passage_spawned(const struct passage *passage, const struct changes *changes, pid_t child)
{
    misuse_forked(&(struct call){.id = passage->call}, passage->site, passage->ns);
    uint32_t index = record_exec(passage, child);
    if (index == NOTHING)
        return;
    uint32_t group = store.execs[index].group, end = table_end();
    if (changes->blind) {
        __atomic_fetch_or(&store.execs[index].flags, FDT_EXEC_BLIND, __ATOMIC_RELAXED);
        return;
    }
    for (uint32_t fd = 0; fd < end && fd < changes->closed_from; fd++) {
        uint64_t word = table_word(table_at(fd));
        if ((word & (FDT_LIVE | FDT_CLOEXEC)) == FDT_LIVE && changes_find(changes, (int)fd) == NULL)
            crosses(passage, group, (int)fd, (int)fd, FDT_GENERATION(word), false);
    }
    for (uint32_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->list[i];
        if (change->open && !change->cloexec && change->from >= 0)
            crosses(passage, group, change->fd, change->from, change->generation, change->meant);
    }
}

/* Sets or clears a mark on what the passage names. Only those: whatever else is in the table is not meant. */
static void mark(int fd, bool intended)
{
    struct fdt_slot *slot = table_peek(fd);
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    while ((word & FDT_LIVE) &&
           !table_swap(slot, &word, table_next(word, intended ? FDT_INTENDED : 0, intended ? 0 : FDT_INTENDED)))
        ;
}

static void mark_all(const struct passage *passage, bool intended)
{
    for (uint32_t i = 0; i < passage->named_count; i++)
        mark(passage->named[i], intended);
    for (int fd = 3; fd < passage->listen_end && (uint32_t)fd < table_end(); fd++)
        mark(fd, intended);
    mark(passage->executed_from, intended);
}

uint32_t passage_self(const struct passage *passage)
{
    mark_all(passage, true);
    return record_exec(passage, 0);
}

void passage_failed(const struct passage *passage, uint32_t exec, int error)
{
    mark_all(passage, false);
    if (exec == NOTHING)
        return;
    store.execs[exec].error = error;
    /* A shell tries every folder of PATH: the latest entry is given back, if nobody has taken another one since. */
    uint32_t next = exec + 1;
    if (__atomic_compare_exchange_n(&store.header->execs, &next, exec, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        __atomic_store_n(&store.execs[exec].commit, 0, __ATOMIC_RELEASE);
}
