/* The functions of fdtrace.h: what a program asks of the tracer it runs under. */
#define FDTRACE_GUEST
#include "fdtrace/fdtrace.h"

#include "end.h"
#include "gate.h"
#include "raw.h"
#include "table.h"
#include "verify.h"

#include <sys/mman.h>
#include <unistd.h>

/* Names from the shared vocabulary. */
static const char *const kind_names[FDT_KIND_COUNT] = {
#define FDT_KIND(symbol, name, meaning) [FDT_##symbol] = name,
#include "fdtrace/kinds.def"
#undef FDT_KIND
};

EXPORT const char *fdtrace_version(void)
{
    return FDTRACE_VERSION;
}

/* --- words about a descriptor --- */

static int set_flag(struct fdt_slot *slot, uint64_t flag)
{
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    while (word & FDT_LIVE)
        if (table_swap(slot, &word, table_next(word, flag, 0)))
            return 0;
    return -1;
}

EXPORT int fdtrace_ignore(int fd)
{
    return set_flag(gate_enter() ? table_peek(fd) : NULL, FDT_IGNORED);
}

/* What it is, where the call that made it could not tell: an open of a path may give anything that has one. */
static enum fdt_kind ask_kind(int fd)
{
    enum fdt_kind kind = table_kernel_kind(fd);
    return kind == FDT_PIPE ? FDT_FIFO : kind == FDT_KIND_COUNT ? FDT_OTHER : kind;
}

/* Its kind may have been left to be told from its path, which goes now. */
EXPORT int fdtrace_label(int fd, const char *label)
{
    char name[FDT_NAME_SIZE];
    size_t length = strnlen(label, sizeof(name) - 1);
    struct fdt_slot *slot = gate_enter() ? table_peek(fd) : NULL;
    if (slot == NULL || !(table_word(slot) & FDT_LIVE))
        return -1;
    memcpy(name, label, length);
    name[length] = '\0';
    if (slot->life.kind == FDT_UNASKED)
        slot->life.kind = (uint8_t)ask_kind(fd);
    return table_rename(slot, name) ? set_flag(slot, FDT_LABELED) : -1;
}

/* --- leaks since a mark --- */

EXPORT fdtrace_mark_t fdtrace_mark(void)
{
    return gate_enter() ? store_now() : 0;
}

/* Before anyone is accused, the kernel is asked: what it has closed is settled and not counted. */
static bool is_leak_since(int fd, fdtrace_mark_t mark)
{
    struct fdt_slot *slot = table_at((uint32_t)fd);
    if (!end_is_leak(fd, table_word(slot)) || slot->life.ns < mark)
        return false;
    if (raw_getfd(fd) >= 0)
        return true;
    table_settle(slot, fd);
    return false;
}

static int count_since(fdtrace_mark_t mark)
{
    int leaks = 0;
    for (uint32_t fd = 0; fd < table_end(); fd++)
        leaks += is_leak_since((int)fd, mark);
    return leaks;
}

EXPORT int fdtrace_leaks_since(fdtrace_mark_t mark)
{
    return gate_enter() ? count_since(mark) : -1;
}

EXPORT int fdtrace_check(fdtrace_mark_t mark)
{
    int leaks = fdtrace_leaks_since(mark);
    return leaks > 0 && !end_explain(STDERR_FILENO, mark) ? 0 : leaks;
}

/* The command writes to a file in memory, because a pipe that nobody reads meanwhile would stop it when it is full. */
EXPORT int fdtrace_explain(fdtrace_mark_t mark, char *text, size_t size)
{
    int leaks = fdtrace_leaks_since(mark);
    long length = 0;
    if (leaks > 0) {
        int memory = (int)raw(memfd_create, "fdtrace", MFD_CLOEXEC);
        if (!end_explain(memory, mark))
            leaks = 0;
        if (leaks > 0 && memory >= 0 && size > 1)
            length = raw(pread64, memory, text, size - 1, 0);
        if (memory >= 0)
            raw(close, memory);
    }
    if (size > 0)
        text[length > 0 ? length : 0] = '\0';
    return leaks;
}

/* --- what is open --- */

static unsigned public_flags(uint64_t word)
{
    return (word & FDT_CLOEXEC ? FDTRACE_CLOEXEC : 0) | (word & FDT_INHERITED ? FDTRACE_INHERITED : 0) |
           (word & FDT_HIDDEN ? FDTRACE_HIDDEN : 0) | (word & FDT_IGNORED ? FDTRACE_IGNORED : 0);
}

/* A copy is only good if nothing happened to the slot meanwhile: it is made again, a few times at most. */
static bool describe(struct fdtrace_descriptor *descriptor, int fd)
{
    const struct fdt_slot *slot = table_at((uint32_t)fd);
    for (int attempt = 0; attempt < 8; attempt++) {
        uint64_t word = table_word(slot);
        if (!(word & FDT_LIVE))
            return false;
        const struct fdt_life *life = &slot->life;
        unsigned kind = life->kind == FDT_UNASKED ? (unsigned)ask_kind(fd) : life->kind;
        *descriptor = (struct fdtrace_descriptor){
            .fd = fd, .thread = life->tid, .born = life->ns, .generation = FDT_GENERATION(word),
            .flags = public_flags(word),
            .kind = kind_names[kind < FDT_KIND_COUNT ? kind : FDT_OTHER],
            .call = call_name(life->call)};
        memcpy(descriptor->name, life->name, sizeof(descriptor->name));
        descriptor->name[sizeof(descriptor->name) - 1] = '\0';
        if (table_word(slot) == word)
            return true;
    }
    return true;
}

EXPORT int fdtrace_snapshot(struct fdtrace_descriptor *list, int count)
{
    struct fdtrace_descriptor descriptor;
    int found = 0;
    if (!gate_enter())
        return -1;
    for (uint32_t fd = 0; fd < table_end(); fd++) {
        if (!describe(&descriptor, (int)fd))
            continue;
        if (found < count)
            list[found] = descriptor;
        found++;
    }
    return found;
}

EXPORT int fdtrace_verify(void)
{
    int saved = errno;
    int differences = gate_enter() || thread_self.apart ? verify_table(STDERR_FILENO) : -1;
    errno = saved;
    return differences;
}
