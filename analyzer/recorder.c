/* Reading the ring, shard by shard, block by block. See recorder.h. */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_EVENTS = 1024 };

static int open_again(const struct segment *segment)
{
    struct stat status;
    int fd = open(segment->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -ESTALE;
    if (fstat(fd, &status) == 0 && status.st_dev == segment->device && status.st_ino == segment->inode)
        return fd;
    close(fd);
    return -ESTALE;
}

static bool add(struct recorder *recorder, size_t *room, const struct segment *segment, const struct fdt_event *event)
{
    if (recorder->count == *room) {
        size_t more = *room != 0 ? *room * 2 : BLOCK_EVENTS;
        struct fdt_event *events = realloc(recorder->events, more * sizeof(*events));
        if (events == NULL)
            return false;
        recorder->events = events;
        *room = more;
    }
    struct fdt_event *kept = &recorder->events[recorder->count++];
    *kept = *event;
    kept->site = event->site < segment->site_count ? event->site : FDT_NO_SITE;
    kept->call = event->call < segment->call_count ? event->call : FDT_NO_CALL;
    return true;
}

/* A part of a shard, read two times: events that both readings agree about were not being written. */
struct block {
    char *first, *second;
    size_t entry_size;        /* a newer writer's may be longer than ours */
};

/* How many events were read; 0 at the end of a file that was cut short since. */
static size_t read_block(const struct block *block, int fd, size_t wanted, uint64_t offset)
{
    ssize_t got = pread(fd, block->first, wanted * block->entry_size, (off_t)offset);
    ssize_t again = pread(fd, block->second, wanted * block->entry_size, (off_t)offset);
    ssize_t both = again < got ? again : got;
    return both > 0 ? (size_t)both / block->entry_size : 0;
}

/* An entry belongs where its sequence says, or it was half written. */
static bool belongs(const struct fdt_event *event, uint64_t index, uint64_t shard_size)
{
    return event->sequence != 0 && (event->sequence - 1) % shard_size == index && event->type != FDT_EVENT_NONE &&
           event->type < FDT_EVENT_COUNT;
}

static int read_shard(struct recorder *recorder, size_t *room, const struct segment *segment, int fd,
                      const struct block *block, uint64_t shard)
{
    const struct fdt_part *part = &segment->header.parts[FDT_PART_RING];
    uint64_t size = part->count / FDT_SHARDS, next = segment->header.shards[shard].next;
    uint64_t used = next < size ? next : size;
    for (uint64_t at = 0; at < used;) {
        size_t wanted = used - at < BLOCK_EVENTS ? (size_t)(used - at) : BLOCK_EVENTS;
        size_t got = read_block(block, fd, wanted, part->offset + (shard * size + at) * block->entry_size);
        for (size_t i = 0; i < got; i++) {
            struct fdt_event event;
            memcpy(&event, block->first + i * block->entry_size, sizeof(event));
            if (belongs(&event, at + i, size) &&
                memcmp(&event, block->second + i * block->entry_size, sizeof(event)) == 0 &&
                !add(recorder, room, segment, &event))
                return -ENOMEM;
        }
        at = got != 0 ? at + got : used;
    }
    return 0;
}

static int by_time(const void *left, const void *right)
{
    const struct fdt_event *a = left, *b = right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? -1 : 1;
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

int recorder_read(struct recorder *recorder, const struct segment *segment)
{
    size_t room = 0, size = segment->header.parts[FDT_PART_RING].entry_size;
    struct block block = {malloc(BLOCK_EVENTS * size), malloc(BLOCK_EVENTS * size), size};
    *recorder = (struct recorder){0};
    int fd = open_again(segment), result = fd < 0 ? fd : block.first == NULL || block.second == NULL ? -ENOMEM : 0;
    for (uint64_t shard = 0; shard < FDT_SHARDS && result == 0; shard++)
        result = read_shard(recorder, &room, segment, fd, &block, shard);
    if (fd >= 0)
        close(fd);
    free(block.first);
    free(block.second);
    if (recorder->count > 0)
        qsort(recorder->events, recorder->count, sizeof(*recorder->events), by_time);
    return result;
}

void recorder_free(struct recorder *recorder)
{
    free(recorder->events);
    *recorder = (struct recorder){0};
}
