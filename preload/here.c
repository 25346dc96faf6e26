/* A report without the analyzer: module+offset, and exported names. See here.h. */
#include "here.h"

#include "end.h"
#include "loader.h"
#include "say.h"
#include "table.h"

#include <string.h>

static void put_frame(int fd, unsigned number, uintptr_t address)
{
    struct line line = {.length = 0};
    Dl_info info;
    line_text(&line, "fdtrace:     #");
    line_number(&line, number);
    line_text(&line, " ");
    if (!loader_tell((void *)(address - 1), &info) || info.dli_fname == NULL) {
        line_hex(&line, address);
    } else {
        line_text(&line, info.dli_fname);
        line_text(&line, "+");
        line_hex(&line, address - (uintptr_t)info.dli_fbase);
        if (info.dli_sname != NULL) {
            line_text(&line, " ");
            line_text(&line, info.dli_sname);
        }
    }
    line_end(&line, fd);
}

static void put_stack(int fd, uint32_t id)
{
    if (id == FDT_NO_SITE || id >= store.secured[FDT_PART_SITES])
        return;
    const struct fdt_site *site = &store.sites[id];
    for (unsigned i = 0; i < site->depth && site->frames + i < store.secured[FDT_PART_FRAMES]; i++)
        put_frame(fd, i, store.frames[site->frames + i]);
}

static void put_leak(int fd, uint32_t number, uint32_t count)
{
    const struct fdt_slot *slot = table_at(number);
    struct line line = {.length = 0};
    line_text(&line, "fdtrace: leak-at-exit: ");
    line_number(&line, count);
    line_text(&line, count == 1 ? " descriptor opened by " : " descriptors opened by ");
    line_text(&line, slot->life.call != FDT_NO_CALL ? call_name(slot->life.call) : "?");
    line_text(&line, " and still open; the first is ");
    line_number(&line, number);
    if (slot->life.name[0] != '\0') {
        line_text(&line, " '");
        line_text(&line, slot->life.name);
        line_text(&line, "'");
    }
    line_end(&line, fd);
    put_stack(fd, slot->life.site);
}

static void put_past(int fd, const char *what, uint16_t call, uint32_t site)
{
    struct line line = {.length = 0};
    if (call == FDT_NO_CALL)
        return;
    line_text(&line, "fdtrace:   ");
    line_text(&line, what);
    line_text(&line, call_name(call));
    line_end(&line, fd);
    put_stack(fd, site);
}

static bool put_incident(int fd, const struct fdt_incident *incident)
{
    static const char *const names[] = {
        [FDT_INCIDENT_DOUBLE_CLOSE] = "double-close", [FDT_INCIDENT_BAD_USE] = "use-after-close",
        [FDT_INCIDENT_LIMIT] = "limit-hit", [FDT_INCIDENT_MISMATCH] = "close-mismatch",
        [FDT_INCIDENT_REUSE] = "reuse-race", [FDT_INCIDENT_OVER_SELECT] = "over-select-limit",
        [FDT_INCIDENT_GHOST] = "epoll-ghost",
        [FDT_INCIDENT_COUNT] = NULL,
    };
    struct line line = {.length = 0};
    if (incident->commit != 1 || incident->count == 0 || incident->type >= FDT_INCIDENT_COUNT || names[incident->type] == NULL)
        return false; /* the others want the analyzer's judgement */
    line_text(&line, "fdtrace: ");
    line_text(&line, names[incident->type]);
    line_text(&line, ": ");
    line_text(&line, call_name(incident->call));
    if (incident->fd >= 0) {
        line_text(&line, " of descriptor ");
        line_number(&line, incident->fd);
    }
    line_text(&line, ", ");
    line_number(&line, incident->count);
    line_text(&line, incident->count == 1 ? " time" : " times");
    line_end(&line, fd);
    put_stack(fd, incident->site);
    if (incident->fd >= 0)
        put_past(fd, "it was closed by ", incident->death.call, incident->death.site);
    if (incident->fd >= 0)
        put_past(fd, "it was opened by ", incident->life.call, incident->life.site);
    return true;
}

/* Where since is given, only what was born then or later and is open counts: incidents are the end's business. */
static bool is_told(uint32_t number, uint64_t since)
{
    const struct fdt_slot *slot = table_at(number);
    return end_is_leak((int)number, table_word(slot)) && slot->life.ns >= since;
}

void here_report(int fd, uint64_t since)
{
    static uint32_t counts[1u << 12]; /* by site; sites beyond share the last entry */
    const uint32_t last = sizeof(counts) / sizeof(counts[0]) - 1;
    uint32_t findings = 0, shown = 0;
    for (uint32_t number = 0; number < table_end(); number++) {
        const struct fdt_slot *slot = table_at(number);
        if (is_told(number, since))
            counts[slot->life.site < last ? slot->life.site : last]++;
    }
    for (uint32_t number = 0; number < table_end(); number++) {
        const struct fdt_slot *slot = table_at(number);
        uint32_t *count = &counts[slot->life.site < last ? slot->life.site : last];
        if (!is_told(number, since) || *count == 0)
            continue;
        findings++;
        if (shown++ < 50)
            put_leak(fd, number, *count);
        *count = 0;
    }
    for (uint32_t i = 0; since == 0 && i < store.header->incidents && i < store.secured[FDT_PART_INCIDENTS]; i++) {
        if (shown < 50 ? put_incident(fd, &store.incidents[i]) : store.incidents[i].count != 0) {
            findings++;
            shown++;
        }
    }
    struct line line = {.length = 0};
    line_text(&line, "fdtrace: ");
    line_number(&line, findings);
    line_text(&line, findings == 1 ? " finding; with the fdtrace command beside the library it comes with source lines"
                                   : " findings; with the fdtrace command beside the library they come with source lines");
    line_end(&line, fd);
}
