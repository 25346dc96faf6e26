/* Copying a segment out of its file. See segment_reader.h. */
#include "segment_reader.h"

#include "named_file.h"
#include "segment_tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What this reader knows of each part: the entry it expects, and a bound that no writer exceeds (the options stop well
 * below), so that a made-up header cannot ask for absurd amounts of memory.
 */
static const struct known_part {
    const char *name;
    uint32_t size, most;
} known_parts[FDT_PART_COUNT] = {
    [FDT_PART_TABLE] = {"table", sizeof(struct fdt_slot), 1u << 20},
    [FDT_PART_SITES] = {"sites", sizeof(struct fdt_site), 1u << 20},
    [FDT_PART_FRAMES] = {"frames", sizeof(uint64_t), 1u << 24},
    [FDT_PART_RING] = {"ring", sizeof(struct fdt_event), 1u << 24},
    [FDT_PART_INCIDENTS] = {"incidents", sizeof(struct fdt_incident), 1u << 16},
    [FDT_PART_MODULES] = {"modules", sizeof(struct fdt_module), 1u << 16},
    [FDT_PART_CALLS] = {"calls", 1, 1u << 16},
    [FDT_PART_EXECS] = {"execs", sizeof(struct fdt_exec), 1u << 16},
    [FDT_PART_CROSSINGS] = {"crossings", sizeof(struct fdt_crossing), 1u << 16},
    [FDT_PART_RIGHTS] = {"rights", sizeof(struct fdt_right), 1u << 16},
    [FDT_PART_THREADS] = {"threads", sizeof(struct fdt_thread), 1u << 16},
};
enum { ENTRY_SIZE_MOST = 4096, SMALL_READ = 64 * 1024, SETTLE_ROUNDS = 4 };

/* One reading in progress. */
struct reader {
    int fd;
    const char *path;
    uint64_t file_size;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 3, 4)))
static int fail(const struct reader *reader, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->error, reader->error_size, format, arguments);
    va_end(arguments);
    return code;
}

static int cut_short(const struct reader *reader)
{
    return fail(reader, -EBADMSG, "%s is cut short (was it copied while it grew?)", reader->path);
}

static int read_exactly(const struct reader *reader, void *to, uint64_t length, uint64_t offset)
{
    char *at = to;
    while (length > 0) {
        ssize_t got = pread(reader->fd, at, length, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(reader, -errno, "cannot read %s: %s", reader->path, strerror(errno));
        if (got == 0)
            return cut_short(reader);
        at += got;
        offset += (uint64_t)got;
        length -= (uint64_t)got;
    }
    return 0;
}

/*
 * Reads into zeroed memory and skips holes: a table with one descriptor at 100,000 is 25 MB of address space and a few
 * pages of data. File systems without SEEK_DATA answer that everything is data (lseek(2)).
 */
static int read_sparsely(const struct reader *reader, void *to, uint64_t length, uint64_t offset)
{
    if (length <= SMALL_READ)
        return read_exactly(reader, to, length, offset);
    uint64_t end = offset + length;
    for (uint64_t at = offset; at < end;) {
        off_t data = lseek(reader->fd, (off_t)at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return 0;
        if (data < 0)
            return read_exactly(reader, (char *)to + (at - offset), end - at, at);
        off_t hole = lseek(reader->fd, data, SEEK_HOLE);
        if ((uint64_t)data >= end)
            return 0;
        uint64_t stop = hole > data && (uint64_t)hole < end ? (uint64_t)hole : end;
        at = (uint64_t)data;
        int result = read_exactly(reader, (char *)to + (at - offset), stop - at, at);
        if (result < 0)
            return result;
        at = stop;
    }
    return 0;
}

/* The first `wanted` entries of a part, repacked when a newer writer's entries are longer than ours. */
static int read_part(const struct reader *reader, const struct fdt_header *header, enum fdt_part_id id, uint32_t wanted,
                     void *entries_out, uint32_t *count)
{
    const struct fdt_part *part = &header->parts[id];
    uint32_t size = known_parts[id].size;
    void **entries = entries_out;
    if (wanted > part->count)
        wanted = part->count;
    if (wanted > header->secured[id])
        wanted = (uint32_t)header->secured[id];
    *count = 0;
    /* One entry more than there are: zeroed, so that entry 0 exists in an empty part. */
    char *raw = calloc((size_t)wanted + 1, part->entry_size);
    if (raw == NULL)
        return fail(reader, -ENOMEM, "out of memory while reading %s", reader->path);
    int result = read_sparsely(reader, raw, (uint64_t)wanted * part->entry_size, part->offset);
    if (result < 0) {
        free(raw);
        return result;
    }
    if (part->entry_size > size)
        for (uint32_t i = 1; i < wanted; i++)
            memmove(raw + (size_t)i * size, raw + (size_t)i * part->entry_size, size);
    *entries = raw;
    *count = wanted;
    return 0;
}

static bool all_zero(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static int check_part(const struct reader *reader, const struct fdt_header *header, enum fdt_part_id id)
{
    const struct fdt_part *part = &header->parts[id];
    uint64_t bytes = (uint64_t)part->count * part->entry_size;
    if (part->entry_size < known_parts[id].size || part->entry_size > ENTRY_SIZE_MOST ||
        part->count > known_parts[id].most || part->offset < header->header_size || part->offset > header->file_size ||
        bytes > header->file_size - part->offset)
        return fail(reader, -EBADMSG, "%s is damaged: its %s part lies outside the file", reader->path,
                    known_parts[id].name);
    return 0;
}

static int read_header(const struct reader *reader, struct fdt_header *header)
{
    struct fdt_header *fresh = header;
    if (reader->file_size < sizeof(fresh->magic))
        return fail(reader, -EBADMSG, "%s is not an fdtrace recording", reader->path);
    int result = read_exactly(reader, fresh->magic, sizeof(fresh->magic), 0);
    if (result < 0)
        return result;
    /* The magic is written last: without it a recording was never begun. Any other file has something there. */
    if (all_zero(fresh->magic, sizeof(fresh->magic)))
        return fail(reader, -ENODATA, "%s is empty: its process ended before the recording began", reader->path);
    if (memcmp(fresh->magic, FDT_MAGIC, sizeof(fresh->magic)) != 0)
        return fail(reader, -EBADMSG, "%s is not an fdtrace recording", reader->path);
    if (reader->file_size < sizeof(*fresh))
        return cut_short(reader);
    result = read_exactly(reader, fresh, sizeof(*fresh), 0);
    if (result < 0)
        return result;
    if (fresh->min_reader > FDT_VERSION)
        return fail(reader, -EPROTO,
                    "%s was made by a newer fdtrace (format %u, this one reads up to %u); use that version's fdtrace",
                    reader->path, fresh->version, FDT_VERSION);
    if (fresh->version < FDT_OLDEST)
        return fail(reader, -EPROTO, "%s was made by an older fdtrace (format %u, this one reads %u and later); use that "
                    "version's fdtrace", reader->path, fresh->version, FDT_OLDEST);
    if (fresh->header_size < sizeof(*fresh) || fresh->header_size > fresh->file_size)
        return fail(reader, -EBADMSG, "%s is damaged: its header has a wrong size", reader->path);
    if (fresh->file_size > reader->file_size)
        return cut_short(reader);
    for (int id = 0; id < FDT_PART_COUNT; id++)
        if ((result = check_part(reader, fresh, id)) < 0)
            return result;
    return 0;
}

/* How much of each shard has been written over. The events themselves are read by those who want them (recorder.h). */
static void count_events(struct segment *segment)
{
    uint64_t shard_size = segment->header.parts[FDT_PART_RING].count / FDT_SHARDS;
    for (uint32_t i = 0; i < FDT_SHARDS; i++) {
        uint64_t next = segment->header.shards[i].next;
        segment->events += next;
        segment->dropped += next > shard_size ? next - shard_size : 0;
    }
}

/*
 * A slot is filled while its pen is taken and published by its word, whose version grows with every change. So a copy
 * whose pen was free, and whose word is still the same in a later copy, was not being written when it was taken.
 */
static bool is_settled(const struct fdt_slot *before, const struct fdt_slot *after)
{
    return before->state == after->state && before->pen == 0 && after->pen == 0;
}

/*
 * The table of a process that is still at work: read again until the slots that differ no longer do. Then the header
 * once more, because what the slots refer to may lie in memory that was secured since.
 */
static int settle_table(const struct reader *reader, struct segment *segment)
{
    for (int round = 0; round < SETTLE_ROUNDS; round++) {
        struct fdt_slot *later = NULL;
        uint32_t count = 0, restless = 0;
        int result = read_part(reader, &segment->header, FDT_PART_TABLE, segment->slot_count, &later, &count);
        if (result < 0)
            return result;
        for (uint32_t i = 0; i < count; i++) {
            if (is_settled(&segment->slots[i], &later[i]))
                continue;
            segment->slots[i] = later[i];
            restless++;
        }
        free(later);
        if (restless == 0)
            break;
    }
    return read_header(reader, &segment->header);
}

static int read_parts(const struct reader *reader, struct segment *segment)
{
    const struct fdt_header *header = &segment->header;
    const struct {
        enum fdt_part_id id;
        uint32_t wanted;
        void *entries;
        uint32_t *count;
    } wishes[] = {
        /* The table first: what it refers to was there before it. */
        {FDT_PART_TABLE, header->high_water, &segment->slots, &segment->slot_count},
        {FDT_PART_INCIDENTS, UINT32_MAX, &segment->incidents, &segment->incident_count},
        {FDT_PART_SITES, UINT32_MAX, &segment->sites, &segment->site_count},
        {FDT_PART_FRAMES, UINT32_MAX, &segment->frames, &segment->frame_count},
        {FDT_PART_MODULES, UINT32_MAX, &segment->modules, &segment->module_count},
        {FDT_PART_CALLS, UINT32_MAX, &segment->calls, &segment->call_count},
        {FDT_PART_CROSSINGS, header->crossings, &segment->crossings, &segment->crossing_count},
        {FDT_PART_EXECS, header->execs, &segment->execs, &segment->exec_count},
        {FDT_PART_RIGHTS, UINT32_MAX, &segment->rights, &segment->right_count},
        {FDT_PART_THREADS, UINT32_MAX, &segment->threads, &segment->thread_count},
    };
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        int result = read_part(reader, header, wishes[i].id, wishes[i].wanted, wishes[i].entries, wishes[i].count);
        if (result < 0)
            return result;
        if (wishes[i].id == FDT_PART_TABLE && header->state != FDT_STATE_EXITED)
            result = settle_table(reader, segment);
        if (result < 0)
            return result;
    }
    return 0;
}

static int read_file(struct reader *reader, struct segment *segment)
{
    struct stat status;
    if (fstat(reader->fd, &status) < 0)
        return fail(reader, -errno, "cannot read %s: %s", reader->path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(reader, -EBADMSG, "%s is not an fdtrace recording", reader->path);
    reader->file_size = (uint64_t)status.st_size;
    segment->device = status.st_dev;
    segment->inode = status.st_ino;
    segment->owner = status.st_uid;
    named_files_of(&status);
    int result = read_header(reader, &segment->header);
    if (result == 0)
        result = read_parts(reader, segment);
    if (result < 0)
        return result;
    segment_tidy(segment);
    count_events(segment);
    return 0;
}

/* Takes the descriptor, or the errno that came instead. */
static int open_segment(int fd, const char *path, struct segment **segment_out, char *error, size_t error_size)
{
    struct reader reader = {.fd = fd, .path = path, .error = error, .error_size = error_size};
    if (fd == -ELOOP)
        return fail(&reader, -EBADMSG, "%s is a symbolic link, and no recording", path);
    if (fd < 0)
        return fail(&reader, fd, "cannot open %s: %s", path, strerror(-fd));
    struct segment *segment = calloc(1, sizeof(*segment));
    int result = segment == NULL ? fail(&reader, -ENOMEM, "out of memory while reading %s", path) : 0;
    if (result == 0 && (segment->path = strdup(path)) == NULL)
        result = fail(&reader, -ENOMEM, "out of memory while reading %s", path);
    if (result == 0)
        result = read_file(&reader, segment);
    close(reader.fd);
    if (result < 0) {
        segment_free(segment);
        return result;
    }
    *segment_out = segment;
    return 0;
}

/* O_NONBLOCK: a FIFO in the way must not make us wait for a writer. */
enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

int segment_open(const char *path, struct segment **segment, char *error, size_t error_size)
{
    int fd = open(path, OPEN_FLAGS);
    return open_segment(fd >= 0 ? fd : -errno, path, segment, error, error_size);
}

int segment_open_member(int folder, const char *name, const char *path, struct segment **segment, char *error,
                        size_t error_size)
{
    int fd = openat(folder, name, OPEN_FLAGS | O_NOFOLLOW);
    return open_segment(fd >= 0 ? fd : -errno, path, segment, error, error_size);
}

void segment_free(struct segment *segment)
{
    if (segment == NULL)
        return;
    free(segment->path);
    free(segment->slots);
    free(segment->sites);
    free(segment->frames);
    free(segment->incidents);
    free(segment->modules);
    free(segment->calls);
    free(segment->execs);
    free(segment->crossings);
    free(segment->rights);
    free(segment->threads);
    free(segment);
}

const char *segment_call(const struct segment *segment, uint16_t call)
{
    return call < segment->call_count && segment->calls[call] != '\0' ? segment->calls + call : NULL;
}

static const char *main_thread_name(const struct fdt_header *header, uint64_t ns)
{
    bool same_process = ns >= header->start_monotonic_ns; /* else an earlier one had that number */
    return same_process && header->main_thread[0] != '\0' ? header->main_thread : NULL;
}

const char *segment_thread_name(const struct segment *segment, int tid, uint64_t ns)
{
    if (tid != 0 && tid == segment->header.pid)
        return main_thread_name(&segment->header, ns);
    const struct fdt_thread wanted = {.tid = tid, .born_ns = ns};
    uint32_t low = 0, high = segment->thread_count; /* behind the last that is not greater than wanted */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (segment_thread_order(&segment->threads[middle], &wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct fdt_thread *thread = low > 0 ? &segment->threads[low - 1] : NULL;
    if (tid == 0 || thread == NULL || thread->tid != tid || (thread->ended_ns != 0 && thread->ended_ns < ns))
        return NULL;
    return thread->name[0] != '\0' ? thread->name : NULL;
}

const struct fdt_module *segment_module(const struct segment *segment, uint64_t address, uint32_t epoch)
{
    for (uint32_t i = 0; i < segment->module_count; i++) {
        const struct fdt_module *module = &segment->modules[i];
        if (address >= module->start && address < module->end && module->born <= epoch &&
            (module->died == 0 || epoch < module->died))
            return module;
    }
    return NULL;
}
