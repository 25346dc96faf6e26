/* What no reader may believe, part by part. See segment_tidy.h. */
#include "segment_tidy.h"

#include <stdlib.h>

static void tidy_header(struct fdt_header *header)
{
    header->exe[FDT_EXE_SIZE - 1] = '\0';
    header->cwd[FDT_CWD_SIZE - 1] = '\0';
    header->argv[FDT_ARGV_SIZE - 1] = '\0';
    header->main_thread[FDT_THREAD_NAME - 1] = '\0';
    uint32_t strings = 0;
    for (size_t i = 0; i < FDT_ARGV_SIZE; i++)
        strings += header->argv[i] == '\0';
    if (header->argc > strings)
        header->argc = strings;
    if (header->how > FDT_HOW_SPAWN)
        header->how = FDT_HOW_START;
    if (header->state > FDT_STATE_EXITED)
        header->state = FDT_STATE_RUNNING;
}

static uint32_t tidy_site_id(const struct segment *segment, uint32_t site)
{
    return site < segment->site_count ? site : FDT_NO_SITE;
}

static uint16_t tidy_call_id(const struct segment *segment, uint16_t call)
{
    return call < segment->call_count ? call : FDT_NO_CALL;
}

static void tidy_life(const struct segment *segment, struct fdt_life *life)
{
    life->name[FDT_NAME_SIZE - 1] = '\0';
    life->site = tidy_site_id(segment, life->site);
    life->call = tidy_call_id(segment, life->call);
    if (life->kind >= FDT_KIND_COUNT) /* a newer vocabulary */
        life->kind = FDT_OTHER;
    if (life->owner >= FDT_OWNER_COUNT)
        life->owner = FDT_OWNER_NONE;
}

static void tidy_death(const struct segment *segment, struct fdt_death *death)
{
    death->site = tidy_site_id(segment, death->site);
    death->call = tidy_call_id(segment, death->call);
}

static void tidy_site(const struct segment *segment, struct fdt_site *site)
{
    if (site->hash == 0)
        *site = (struct fdt_site){.births = site->births, .deaths = site->deaths, .call = FDT_NO_CALL};
    site->call = tidy_call_id(segment, site->call);
    if (site->depth > FDT_DEPTH_MAX || site->frames > segment->frame_count ||
        site->depth > segment->frame_count - site->frames)
        site->depth = 0;
}

static void tidy_past(const struct segment *segment, struct fdt_past *past)
{
    past->birth_site = tidy_site_id(segment, past->birth_site);
    past->death_site = tidy_site_id(segment, past->death_site);
    past->birth_call = tidy_call_id(segment, past->birth_call);
    past->death_call = tidy_call_id(segment, past->death_call);
}

static void tidy_incidents(struct segment *segment)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < segment->incident_count; i++) {
        struct fdt_incident *incident = &segment->incidents[i];
        if (incident->commit != 1 || incident->count == 0 || incident->type >= FDT_INCIDENT_COUNT)
            continue;
        incident->site = tidy_site_id(segment, incident->site);
        incident->call = tidy_call_id(segment, incident->call);
        tidy_death(segment, &incident->death);
        tidy_life(segment, &incident->life);
        tidy_past(segment, &incident->before);
        segment->incidents[kept++] = *incident;
    }
    segment->incident_count = kept;
}

static void tidy_modules(struct segment *segment)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < segment->module_count; i++) {
        struct fdt_module *module = &segment->modules[i];
        if (module->commit != 1 || module->start >= module->end)
            continue;
        module->path[sizeof(module->path) - 1] = '\0';
        if (module->build_id_length > sizeof(module->build_id))
            module->build_id_length = 0;
        segment->modules[kept++] = *module;
    }
    segment->module_count = kept;
}

static void tidy_execs(struct segment *segment)
{
    for (uint32_t i = 0; i < segment->exec_count; i++) {
        struct fdt_exec *exec = &segment->execs[i];
        if (exec->commit != 1 || exec->how > FDT_EXEC_SPAWN || exec->group >= segment->exec_count)
            *exec = (struct fdt_exec){.call = FDT_NO_CALL, .group = i};
        exec->site = tidy_site_id(segment, exec->site);
        exec->call = tidy_call_id(segment, exec->call);
        exec->text[FDT_EXEC_TEXT - 1] = '\0';
        uint32_t strings = 0;
        for (size_t at = 0; at < FDT_EXEC_TEXT; at++)
            strings += exec->text[at] == '\0';
        if (exec->argc > strings - 1) /* the path is one of them */
            exec->argc = strings - 1;
    }
}

static void tidy_crossings(struct segment *segment)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < segment->crossing_count; i++) {
        struct fdt_crossing *crossing = &segment->crossings[i];
        if (crossing->commit != 1 || crossing->group >= segment->exec_count ||
            segment->execs[crossing->group].commit != 1 || crossing->fd < 0)
            continue;
        tidy_life(segment, &crossing->life);
        segment->crossings[kept++] = *crossing;
    }
    segment->crossing_count = kept;
}

static int by_sequence(const void *left, const void *right)
{
    const struct fdt_right *a = left, *b = right;
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

/* The log is a ring: an entry belongs where its sequence says, or it was half written. */
static void tidy_rights(struct segment *segment)
{
    uint32_t kept = 0, capacity = segment->header.parts[FDT_PART_RIGHTS].count;
    for (uint32_t i = 0; i < segment->right_count; i++) {
        struct fdt_right *right = &segment->rights[i];
        if (right->sequence == 0 || (right->sequence - 1) % capacity != i || right->index >= right->total + 1)
            continue;
        right->site = tidy_site_id(segment, right->site);
        right->call = tidy_call_id(segment, right->call);
        tidy_life(segment, &right->life);
        segment->rights[kept++] = *right;
    }
    segment->right_count = kept;
    qsort(segment->rights, kept, sizeof(*segment->rights), by_sequence);
    segment->rights_dropped = segment->header.rights > kept ? segment->header.rights - kept : 0;
}

int segment_thread_order(const void *left, const void *right)
{
    const struct fdt_thread *a = left, *b = right;
    if (a->tid != b->tid)
        return a->tid < b->tid ? -1 : 1;
    return a->born_ns < b->born_ns ? -1 : a->born_ns > b->born_ns;
}

static void tidy_threads(struct segment *segment)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < segment->thread_count; i++) {
        struct fdt_thread *thread = &segment->threads[i];
        if (thread->commit != 1)
            continue;
        thread->name[FDT_THREAD_NAME - 1] = '\0';
        segment->threads[kept++] = *thread;
    }
    segment->thread_count = kept;
    qsort(segment->threads, kept, sizeof(*segment->threads), segment_thread_order);
}

void segment_tidy(struct segment *segment)
{
    tidy_header(&segment->header);
    for (uint32_t i = 0; i < segment->site_count; i++)
        tidy_site(segment, &segment->sites[i]);
    for (uint32_t i = 0; i < segment->slot_count; i++) {
        if (segment->slots[i].state == 0)
            continue;
        tidy_life(segment, &segment->slots[i].life);
        tidy_death(segment, &segment->slots[i].death);
    }
    tidy_incidents(segment);
    tidy_modules(segment);
    tidy_execs(segment);
    tidy_crossings(segment);
    tidy_rights(segment);
    tidy_threads(segment);
}
