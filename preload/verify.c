/* The table against the kernel. See verify.h. */
#include "verify.h"

#include "process.h"
#include "quarantine.h"
#include "raw.h"
#include "say.h"
#include "table.h"

#include <string.h>

/* Names from the shared vocabulary. */
static const char *const kind_names[] = {
#define FDT_KIND(symbol, name, meaning) name,
#include "fdtrace/kinds.def"
#undef FDT_KIND
};

#define DIFFERENCES_SHOWN 20 /* the rest is counted */

struct tally {
    int output, seen, differences;
};

static void begin(struct line *line, int fd)
{
    line_text(line, "fdtrace: verify: descriptor ");
    line_number(line, fd);
    line_text(line, ": ");
}

static void differs(struct tally *tally, int fd, const char *table, const char *kernel)
{
    struct line line = {.length = 0};
    if (tally->differences++ >= DIFFERENCES_SHOWN)
        return;
    begin(&line, fd);
    line_text(&line, "the table says ");
    line_text(&line, table);
    line_text(&line, ", the kernel says ");
    line_text(&line, kernel);
    line_end(&line, tally->output);
}

/*
 * Files libc opens for itself and keeps (fd-surface: "hidden, persistent"). Sockets (syslog, the resolver, mq_notify) have no
 * name to tell them by: a socket nobody saw born counts as libc's when it is close-on-exec, which all of libc's are.
 */
static bool is_hidden(int fd)
{
    static const char *const names[] = {
        "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/hosts", "/etc/networks", "/etc/protocols",
        "/etc/services", "/etc/rpc", "/etc/aliases", "/etc/fstab", "/etc/ttys", "/etc/shells", "/etc/.pwd.lock",
        "/run/utmp", "/var/run/utmp", "/var/log/wtmp", "/etc/resolv.conf", "/dev/console",
    };
    struct line path = {.length = 0};
    char link[128];
    line_text(&path, "/proc/self/fd/");
    line_number(&path, fd);
    path.text[path.length] = '\0';
    long length = raw(readlinkat, AT_FDCWD, path.text, link, sizeof(link) - 1);
    link[length > 0 ? length : 0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(link, names[i]) == 0)
            return true;
    return strncmp(link, "socket:", 7) == 0 && raw_getfd(fd) == FD_CLOEXEC;
}

static void check_open(int fd, void *data)
{
    struct tally *tally = data;
    struct fdt_slot *slot = table_peek(fd);
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    if ((word & FDT_LIVE) == 0) {
        if (fd != tally->output && !is_hidden(fd) && !quarantine_holds(fd))
            differs(tally, fd, "closed", "open");
        return;
    }
    tally->seen++;
    int flags = raw_getfd(fd);
    if (flags >= 0 && !!(flags & FD_CLOEXEC) != !!(word & FDT_CLOEXEC))
        differs(tally, fd, word & FDT_CLOEXEC ? "close-on-exec" : "not close-on-exec",
                flags & FD_CLOEXEC ? "close-on-exec" : "not close-on-exec");
    enum fdt_kind actual = table_kernel_kind(fd);
    uint8_t recorded = slot->life.kind < FDT_KIND_COUNT ? slot->life.kind : FDT_OTHER;
    if (actual < FDT_KIND_COUNT && !table_kind_agrees(recorded, actual))
        differs(tally, fd, kind_names[recorded], kind_names[actual]);
}

int verify_table(int output)
{
    struct tally tally = {.output = output};
    struct line line = {.length = 0};
    bool asked = !process_shares_table && process_each_descriptor(check_open, &tally);
    line_text(&line, "fdtrace: verify: ");
    if (!asked) {
        line_text(&line, process_shares_table ? "descriptors shared with another process" : "/proc/self/fd cannot be read");
        line_text(&line, "; nothing was verified");
        line_end(&line, output);
        return -1;
    }
    for (uint32_t fd = 0; fd < table_end(); fd++)
        if ((table_word(table_at(fd)) & FDT_LIVE) && raw_getfd((int)fd) < 0)
            differs(&tally, (int)fd, "open", "closed");
    line_number(&line, tally.differences == 0 ? tally.seen : tally.differences);
    line_text(&line, tally.differences == 0 ? " descriptors, table equals kernel" : " differences");
    line_end(&line, output);
    return tally.differences;
}
