/* See segment_maker.h. */
#include "segment_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MILLISECOND = 1000000, PAGE_BYTES = 4096 };

static const struct { uint32_t count, size; } layout[FDT_PART_COUNT] = {
    [FDT_PART_TABLE] = {MAKER_SLOTS, sizeof(struct fdt_slot)},
    [FDT_PART_SITES] = {MAKER_SITES, sizeof(struct fdt_site)},
    [FDT_PART_FRAMES] = {MAKER_FRAMES, sizeof(uint64_t)},
    [FDT_PART_RING] = {MAKER_EVENTS, sizeof(struct fdt_event)},
    [FDT_PART_INCIDENTS] = {MAKER_INCIDENTS, sizeof(struct fdt_incident)},
    [FDT_PART_MODULES] = {MAKER_MODULES, sizeof(struct fdt_module)},
    [FDT_PART_CALLS] = {MAKER_CALLS, 1},
    [FDT_PART_EXECS] = {MAKER_EXECS, sizeof(struct fdt_exec)},
    [FDT_PART_CROSSINGS] = {MAKER_CROSSINGS, sizeof(struct fdt_crossing)},
    [FDT_PART_RIGHTS] = {MAKER_RIGHTS, sizeof(struct fdt_right)},
    [FDT_PART_THREADS] = {MAKER_THREADS, sizeof(struct fdt_thread)},
};

static uint64_t tick(struct segment_maker *maker)
{
    return maker->now += MILLISECOND;
}

static void point_into(struct segment_maker *maker)
{
    void *parts[FDT_PART_COUNT];
    uint64_t offset = FDT_HEADER_SIZE;
    for (int i = 0; i < FDT_PART_COUNT; i++) {
        maker->header->parts[i] = (struct fdt_part){offset, layout[i].count, layout[i].size};
        maker->header->secured[i] = layout[i].count;
        parts[i] = maker->memory + offset;
        offset += ((uint64_t)layout[i].count * layout[i].size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    }
    maker->table = parts[FDT_PART_TABLE];
    maker->sites = parts[FDT_PART_SITES];
    maker->frames = parts[FDT_PART_FRAMES];
    maker->ring = parts[FDT_PART_RING];
    maker->incidents = parts[FDT_PART_INCIDENTS];
    maker->modules = parts[FDT_PART_MODULES];
    maker->calls = parts[FDT_PART_CALLS];
    maker->execs = parts[FDT_PART_EXECS];
    maker->crossings = parts[FDT_PART_CROSSINGS];
    maker->rights = parts[FDT_PART_RIGHTS];
    maker->threads = parts[FDT_PART_THREADS];
}

static size_t file_bytes(void)
{
    size_t bytes = FDT_HEADER_SIZE;
    for (int i = 0; i < FDT_PART_COUNT; i++)
        bytes += ((size_t)layout[i].count * layout[i].size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    return bytes;
}

void maker_begin(struct segment_maker *maker, int pid, uint32_t image)
{
    static const char arguments[] = "./app\0arg";
    *maker = (struct segment_maker){.size = file_bytes(), .now = UINT64_C(1000) * MILLISECOND};
    maker->memory = calloc(1, maker->size);
    if (maker->memory == NULL)
        abort();
    struct fdt_header *header = maker->header = (struct fdt_header *)maker->memory;
    memcpy(header->magic, FDT_MAGIC, sizeof(header->magic));
    header->version = FDT_VERSION;
    header->min_reader = FDT_MIN_READER;
    header->header_size = FDT_HEADER_SIZE;
    header->machine = 62;
    header->file_size = maker->size;
    header->pid = pid;
    header->ppid = 1;
    header->image = image;
    header->how = image == 1 ? FDT_HOW_START : FDT_HOW_EXEC;
    header->start_monotonic_ns = maker->now;
    header->nofile_soft = 1024;
    header->nofile_hard = 4096;
    header->state = FDT_STATE_RUNNING;
    header->depth = 32;
    header->unwinder = 2;
    header->epoch = 1;
    header->sites = 1;
    header->argc = 2;
    strcpy(header->exe, "/srv/app");
    strcpy(header->cwd, "/srv");
    memcpy(header->argv, arguments, sizeof(arguments));
    point_into(maker);
    maker_module(maker, "/srv/app", MAKER_CODE, 0x10000);
}

void maker_free(struct segment_maker *maker)
{
    free(maker->memory);
    *maker = (struct segment_maker){0};
}

uint16_t maker_call(struct segment_maker *maker, const char *name)
{
    uint32_t id = 0;
    while (id < maker->header->calls && strcmp(maker->calls + id, name) != 0)
        id += (uint32_t)strlen(maker->calls + id) + 1;
    if (id == maker->header->calls) {
        if (id + strlen(name) >= MAKER_CALLS)
            abort();
        strcpy(maker->calls + id, name);
        maker->header->calls += (uint32_t)strlen(name) + 1;
    }
    return (uint16_t)id;
}

void maker_module(struct segment_maker *maker, const char *path, uint64_t start, uint64_t bytes)
{
    struct fdt_module *module = &maker->modules[maker->header->modules++];
    *module = (struct fdt_module){
        .born = 1, .start = start, .end = start + bytes, .bias = start, .build_id_length = sizeof(module->build_id)};
    memset(module->build_id, (int)maker->header->modules, sizeof(module->build_id));
    strncpy(module->path, path, sizeof(module->path) - 1);
    module->commit = 1;
}

uint32_t maker_site(struct segment_maker *maker, const char *call, const uint64_t *addresses)
{
    struct fdt_header *header = maker->header;
    struct fdt_site *site = &maker->sites[header->sites];
    site->frames = header->frames;
    site->call = maker_call(maker, call);
    site->first_ns = maker->now;
    site->epoch = 1;
    for (; *addresses != 0; addresses++, site->depth++)
        maker->frames[header->frames++] = *addresses;
    site->hash = header->sites + 1;
    return header->sites++;
}

uint32_t maker_site_at(struct segment_maker *maker, const char *call, uint64_t offset)
{
    return maker_site(maker, call, (uint64_t[]){MAKER_CODE + offset, 0});
}

/* The ring's own account of what happens: all of it in the first shard. */
static void record(struct segment_maker *maker, enum fdt_event_type type, int fd, uint32_t generation, uint32_t site,
                   uint64_t ns)
{
    uint64_t position = maker->header->shards[0].next++;
    maker->ring[position % (MAKER_EVENTS / FDT_SHARDS)] = (struct fdt_event){
        .sequence = position + 1, .ns = ns, .site = site, .tid = maker->header->pid, .fd = fd, .generation = generation,
        .other = -1, .call = site != 0 ? maker->sites[site].call : FDT_NO_CALL, .type = (uint8_t)type};
}

struct fdt_slot *maker_birth(struct segment_maker *maker, int fd, uint32_t site, enum fdt_kind kind, const char *name,
                             uint64_t flags)
{
    struct fdt_slot *slot = &maker->table[fd];
    uint64_t generation = FDT_GENERATION(slot->state) + UINT64_C(1);
    slot->life = (struct fdt_life){.ns = tick(maker), .site = site, .tid = maker->header->pid, .kind = (uint8_t)kind,
                                   .call = site != 0 ? maker->sites[site].call : FDT_NO_CALL, .from = -1};
    if (name != NULL)
        strncpy(slot->life.name, name, FDT_NAME_SIZE - 1);
    slot->state = FDT_LIVE | flags | generation << FDT_GENERATION_SHIFT;
    if ((uint32_t)fd >= maker->header->high_water)
        maker->header->high_water = (uint32_t)fd + 1;
    if (++maker->header->open_now > maker->header->open_peak)
        maker->header->open_peak = maker->header->open_now;
    record(maker, FDT_EVENT_BIRTH, fd, (uint32_t)generation, site, slot->life.ns);
    if (site != 0) {
        maker->sites[site].births++;
        maker->sites[site].inheritable += (flags & FDT_CLOEXEC) == 0;
    }
    return slot;
}

void maker_death(struct segment_maker *maker, int fd, uint32_t site)
{
    struct fdt_slot *slot = &maker->table[fd];
    slot->death = (struct fdt_death){.ns = tick(maker), .site = site, .tid = maker->header->pid,
                                     .generation = FDT_GENERATION(slot->state), .call = maker->sites[site].call};
    slot->state &= ~FDT_LIVE;
    maker->sites[slot->life.site].deaths++;
    maker->header->open_now--;
    record(maker, FDT_EVENT_DEATH, fd, FDT_GENERATION(slot->state), site, slot->death.ns);
}

struct fdt_incident *maker_incident(struct segment_maker *maker, enum fdt_incident_type type, int fd, uint32_t site,
                                    int error)
{
    struct fdt_incident *incident = &maker->incidents[maker->header->incidents++];
    *incident = (struct fdt_incident){.commit = 1, .count = 1, .type = (uint16_t)type, .fd = fd, .site = site,
                                      .call = maker->sites[site].call, .ns = tick(maker), .tid = maker->header->pid,
                                      .error = error};
    incident->last_ns = incident->ns;
    if (type == FDT_INCIDENT_LIMIT) {
        incident->limit = maker->header->nofile_soft;
        incident->open = maker->header->open_now;
    }
    if (fd >= 0) {
        const struct fdt_slot *slot = &maker->table[fd];
        incident->generation = FDT_GENERATION(slot->state);
        incident->state = slot->state;
        incident->death = slot->death;
        incident->life = slot->life;
    }
    return incident;
}

void maker_thread(struct segment_maker *maker, int tid, const char *name)
{
    if (tid == maker->header->pid) {
        strncpy(maker->header->main_thread, name, FDT_THREAD_NAME - 1);
        return;
    }
    struct fdt_thread *thread = &maker->threads[maker->header->threads++];
    *thread = (struct fdt_thread){.commit = 1, .tid = tid, .born_ns = tick(maker)};
    strncpy(thread->name, name, FDT_THREAD_NAME - 1);
}

void maker_exit(struct segment_maker *maker, int status)
{
    maker->header->state = FDT_STATE_EXITED;
    maker->header->exit_status = status;
    maker->header->end_ns = tick(maker);
}

int maker_write(const struct segment_maker *maker, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ssize_t written = write(fd, maker->memory, maker->size);
    close(fd);
    return written == (ssize_t)maker->size ? 0 : -EIO;
}
