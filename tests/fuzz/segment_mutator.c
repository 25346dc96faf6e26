/*
 * Changes to recordings that know where things lie: mostly a field of an entry gets a number that is in the way, or one that
 * stands elsewhere, so that what refers to other entries refers to wrong ones. A blind change rarely hits more than a name.
 */
#include "fuzz.h"

#include "fdtrace/segment.h"

#include <string.h>

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

/* The beginning of some recording in it, or NULL. */
static uint8_t *pick_recording(uint8_t *data, size_t size, size_t *rest)
{
    size_t start = size > 0 ? next_random() % 4 * (size / 4) : 0;
    for (int round = 0; round < 2; round++, start = 0)
        for (size_t at = start; at + sizeof(struct fdt_header) <= size; at++)
            if (memcmp(data + at, FDT_MAGIC, 8) == 0) {
                *rest = size - at;
                return data + at;
            }
    return NULL;
}

/* Somewhere in an entry of some part, or in the header; NULL: the layout is broken already. */
static uint8_t *pick_entry(uint8_t *recording, size_t rest, size_t *length)
{
    struct fdt_header header;
    memcpy(&header, recording, sizeof(header));
    unsigned id = (unsigned)(next_random() % (FDT_PART_COUNT + 1));
    if (id == FDT_PART_COUNT) {
        *length = sizeof(header);
        return recording;
    }
    const struct fdt_part *part = &header.parts[id];
    if (part->count == 0 || part->entry_size == 0 || part->offset >= rest)
        return NULL;
    uint64_t at = part->offset + next_random() % part->count % 64 * part->entry_size;
    if (at + part->entry_size > rest)
        return NULL;
    *length = part->entry_size;
    return recording + at;
}

static uint64_t pick_value(const uint8_t *data, size_t size, size_t width)
{
    static const uint64_t telling[] = {
        0, 1, 2, 3, 4, 7, 10, 15, 16, 63, 64, 65, 255, 1000, 1024, 65535, 65536, INT32_MAX, UINT64_C(1) << 31,
        UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX, 4194400, 4194401};
    uint64_t value = 0;
    switch (next_random() % 4) {
    case 0:
        return telling[next_random() % (sizeof(telling) / sizeof(telling[0]))];
    case 1:
        return next_random() % 32;
    case 2:
        return next_random();
    default: /* one that stands elsewhere */
        memcpy(&value, data + next_random() % (size - width + 1), width);
        return value;
    }
}

static void change_field(uint8_t *data, size_t size)
{
    size_t rest = 0, length = 0, width = (size_t)1 << next_random() % 4;
    uint8_t *recording = pick_recording(data, size, &rest);
    uint8_t *entry = recording != NULL ? pick_entry(recording, rest, &length) : NULL;
    if (entry == NULL || length < 8)
        return;
    uint64_t value = pick_value(data, size, width);
    memcpy(entry + next_random() % (length / width) * width, &value, width);
}

/* An entry stands where another stood. */
static void copy_entry(uint8_t *data, size_t size)
{
    size_t rest = 0, from_length = 0, to_length = 0;
    uint8_t *recording = pick_recording(data, size, &rest);
    uint8_t *from = recording != NULL ? pick_entry(recording, rest, &from_length) : NULL;
    uint8_t *to = recording != NULL ? pick_entry(recording, rest, &to_length) : NULL;
    if (from != NULL && to != NULL && to != recording)
        memmove(to, from, from_length < to_length ? from_length : to_length);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    state = (uint64_t)seed * 2 + 1;
    next_random();
    if (next_random() % 8 == 0)
        return LLVMFuzzerMutate(data, size, most);
    for (uint64_t rounds = 1 + next_random() % 4; rounds > 0; rounds--)
        if (next_random() % 8 == 0)
            copy_entry(data, size);
        else
            change_field(data, size);
    return size;
}
