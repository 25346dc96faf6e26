/* The table against the kernel. See verify.h. */
#include "verify.h"

#include "gate.h"
#include "hidden.h"
#include "process.h"
#include "quarantine.h"
#include "raw.h"
#include "say.h"
#include "table.h"

#include <string.h>
#include <time.h>

/* Names from the shared vocabulary. */
static const char *const kind_names[] = {
#define FDT_KIND(symbol, name, meaning) name,
#include "fdtrace/kinds.def"
#undef FDT_KIND
};

#define DIFFERENCES_SHOWN 20 /* the rest is counted */
#define LOOKS 500            /* more, at all numbers that other threads are busy with, before they count */

struct tally {
    int output, seen, differences, homeless, looks;
};

/* What the two say of one number; both NULL: the same, or nothing that counts. */
struct opinions {
    const char *table, *kernel;
};

static void tell(struct tally *tally, int fd, const struct opinions *opinions)
{
    struct line line = {.length = 0};
    if (tally->differences++ >= DIFFERENCES_SHOWN)
        return;
    line_text(&line, "fdtrace: verify: descriptor ");
    line_number(&line, fd);
    line_text(&line, ": the table says ");
    line_text(&line, opinions->table);
    line_text(&line, ", the kernel says ");
    line_text(&line, opinions->kernel);
    line_end(&line, tally->output);
}

/*
 * What libc opens for itself (fd-surface: "hidden, persistent"). Not every socket (the resolver, mq_notify) has a name to tell
 * it by: a socket nobody saw born counts as libc's when it is close-on-exec, which all of libc's are.
 */
static bool is_hidden(int fd)
{
    struct line path = {.length = 0};
    char link[128];
    line_text(&path, process_fd_folder());
    line_number(&path, fd);
    path.text[path.length] = '\0';
    long length = raw(readlinkat, AT_FDCWD, path.text, link, sizeof(link) - 1);
    link[length > 0 ? length : 0] = '\0';
    if (hidden_file(link) || strcmp(link, "/dev/console") == 0) /* where syslog writes when nobody listens */
        return true;
    return strncmp(link, "socket:", 7) == 0 && raw_getfd(fd) == FD_CLOEXEC;
}

/* A number the table had no room for: its birth was counted as lost, and told as such. */
static bool is_homeless(int fd)
{
    return table_peek(fd) == NULL && ((uint32_t)fd >= store.count[FDT_PART_TABLE] ||
                                      __atomic_load_n(&store.header->lost.slots, __ATOMIC_RELAXED) != 0);
}

static struct opinions compare(int fd, int output)
{
    static const char *const flag_names[] = {"not close-on-exec", "close-on-exec"};
    const struct fdt_slot *slot = table_peek(fd);
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    int flags = raw_getfd(fd);
    if (!(word & FDT_LIVE)) {
        bool counts = flags >= 0 && fd != output && !is_homeless(fd) && !is_hidden(fd) && !quarantine_holds(fd);
        return counts ? (struct opinions){"closed", "open"} : (struct opinions){NULL, NULL};
    }
    if (flags < 0)
        return (struct opinions){"open", "closed"};
    bool recorded_flag = word & FDT_CLOEXEC, actual_flag = flags & FD_CLOEXEC;
    if (recorded_flag != actual_flag)
        return (struct opinions){flag_names[recorded_flag], flag_names[actual_flag]};
    enum fdt_kind actual = table_kernel_kind(fd);
    uint8_t recorded = slot->life.kind < FDT_KIND_COUNT ? slot->life.kind : FDT_OTHER;
    if (actual < FDT_KIND_COUNT && !table_kind_agrees(recorded, actual))
        return (struct opinions){kind_names[recorded], kind_names[actual]};
    return (struct opinions){NULL, NULL};
}

/* Another thread may be between the kernel's answer and the record, and be given the processor only when we wait. */
static void check(struct tally *tally, int fd)
{
    struct opinions opinions = compare(fd, tally->output);
    while (opinions.table != NULL && tally->looks < LOOKS && gate_threaded()) {
        if (++tally->looks % 2 == 0)
            raw(nanosleep, &(struct timespec){.tv_nsec = 5000000}, NULL);
        else
            raw(sched_yield);
        opinions = compare(fd, tally->output);
    }
    if (opinions.table != NULL)
        tell(tally, fd, &opinions);
}

static void check_open(int fd, void *data)
{
    struct tally *tally = data;
    const struct fdt_slot *slot = table_peek(fd);
    tally->seen += slot != NULL && (table_word(slot) & FDT_LIVE);
    tally->homeless += fd != tally->output && is_homeless(fd);
    check(tally, fd);
}

/* Why there is nothing to compare; NULL when there is. */
static const char *obstacle(void)
{
    if (process_shares_table)
        return "descriptors shared with another process";
    return thread_self.apart ? "this thread has descriptors of its own" : NULL;
}

int verify_table(int output)
{
    struct tally tally = {.output = output};
    struct line line = {.length = 0};
    const char *reason = obstacle();
    if (reason == NULL && !process_each_descriptor(check_open, &tally))
        reason = "/proc/self/fd cannot be read";
    line_text(&line, "fdtrace: verify: ");
    if (reason != NULL) {
        line_text(&line, reason);
        line_text(&line, "; nothing was verified");
        line_end(&line, output);
        return -1;
    }
    for (uint32_t fd = 0; fd < table_end(); fd++)
        if ((table_word(table_at(fd)) & FDT_LIVE) && raw_getfd((int)fd) < 0)
            check(&tally, (int)fd);
    line_number(&line, tally.differences == 0 ? tally.seen : tally.differences);
    line_text(&line, tally.differences == 0 ? " descriptors, table equals kernel" : " differences");
    if (tally.homeless > 0) {
        line_text(&line, "; ");
        line_number(&line, tally.homeless);
        line_text(&line, " more have no place in it (max_fds=)");
    }
    line_end(&line, output);
    return tally.differences;
}
