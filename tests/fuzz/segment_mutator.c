/*
 * Changes to recordings that know where things lie: mostly a field of an entry gets a number that is in the way, or
 * one that stands elsewhere, so that what refers to other entries refers to wrong ones; a name becomes one that formats
 * have to escape; entries take the place of others. A blind change rarely hits more than a name, and a layout that is
 * broken is refused before anything of it is read: few changes are blind, or to the layout.
 */
#include "fuzz.h"
#include "session.h"

#include "fdtrace/segment.h"

#include <stdbool.h>
#include <string.h>

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

static size_t below(size_t limit)
{
    return limit > 0 ? (size_t)(next_random() % limit) : 0;
}

/* The pieces of a session; the last one goes on to the end. */
enum { PIECES_MOST = 2 * SESSION_PIECES };
struct pieces {
    const uint8_t *start[PIECES_MOST + 1];
    size_t count;
};

static struct pieces find_pieces(const uint8_t *data, size_t size)
{
    struct pieces pieces = {.count = 0};
    const uint8_t *end = data + size;
    const uint8_t *at = session_piece(data, end);
    for (; at < end && pieces.count < PIECES_MOST; at = session_piece(at + 1, end))
        pieces.start[pieces.count++] = at;
    pieces.start[pieces.count] = end;
    return pieces;
}

static uint8_t *pick_recording(uint8_t *data, size_t size, size_t *length)
{
    struct pieces pieces = find_pieces(data, size);
    size_t piece = below(pieces.count);
    if (pieces.count == 0)
        return NULL;
    *length = (size_t)(pieces.start[piece + 1] - pieces.start[piece]);
    return *length >= sizeof(struct fdt_header) ? data + (pieces.start[piece] - data) : NULL;
}

/* --- entries --- */

/* An entry of some part, or the header; NULL: there is none of these, or the layout is broken already. */
struct entry {
    uint8_t *bytes;
    size_t length;
    int id; /* FDT_PART_COUNT: the header */
};

/* The parts that are read, those with more to be wrong about more often. The header is the first HEADERS of them. */
enum { HEADERS = 2 };
static const uint8_t parts[] = {
    FDT_PART_COUNT, FDT_PART_COUNT, FDT_PART_TABLE, FDT_PART_TABLE, FDT_PART_SITES, FDT_PART_SITES, FDT_PART_FRAMES,
    FDT_PART_INCIDENTS, FDT_PART_INCIDENTS, FDT_PART_MODULES, FDT_PART_CALLS, FDT_PART_EXECS, FDT_PART_CROSSINGS,
    FDT_PART_CROSSINGS, FDT_PART_RIGHTS, FDT_PART_RIGHTS, FDT_PART_THREADS};

static struct entry entry_of(uint8_t *recording, size_t rest, int id)
{
    struct fdt_header header;
    memcpy(&header, recording, sizeof(header));
    if (id == FDT_PART_COUNT)
        return (struct entry){recording, sizeof(header), id};
    const struct fdt_part *part = &header.parts[id];
    if (part->count == 0 || part->entry_size == 0 || part->offset >= rest)
        return (struct entry){.bytes = NULL};
    uint64_t at = part->offset + (uint64_t)below(part->count) % 64 * part->entry_size;
    return (struct entry){at + part->entry_size <= rest ? recording + at : NULL, part->entry_size, id};
}

static struct entry pick_entry(uint8_t *data, size_t size)
{
    size_t rest = 0;
    uint8_t *recording = pick_recording(data, size, &rest);
    return recording != NULL ? entry_of(recording, rest, parts[below(sizeof(parts))]) : (struct entry){.bytes = NULL};
}

/* Where an entry has a name instead of numbers. */
static const struct text {
    int id;
    size_t at, size;
} texts[] = {
    {FDT_PART_COUNT, offsetof(struct fdt_header, exe), FDT_EXE_SIZE},
    {FDT_PART_COUNT, offsetof(struct fdt_header, cwd), FDT_CWD_SIZE},
    {FDT_PART_COUNT, offsetof(struct fdt_header, argv), FDT_ARGV_SIZE},
    {FDT_PART_COUNT, offsetof(struct fdt_header, main_thread), FDT_THREAD_NAME},
    {FDT_PART_TABLE, offsetof(struct fdt_slot, life.name), FDT_NAME_SIZE},
    {FDT_PART_INCIDENTS, offsetof(struct fdt_incident, life.name), FDT_NAME_SIZE},
    {FDT_PART_MODULES, offsetof(struct fdt_module, path), sizeof(((struct fdt_module *)NULL)->path)},
    {FDT_PART_CALLS, 0, 1},
    {FDT_PART_EXECS, offsetof(struct fdt_exec, text), FDT_EXEC_TEXT},
    {FDT_PART_CROSSINGS, offsetof(struct fdt_crossing, life.name), FDT_NAME_SIZE},
    {FDT_PART_RIGHTS, offsetof(struct fdt_right, life.name), FDT_NAME_SIZE},
    {FDT_PART_THREADS, offsetof(struct fdt_thread, name), FDT_THREAD_NAME},
};

static bool is_text(int id, size_t at)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].id == id && at >= texts[i].at && at < texts[i].at + texts[i].size)
            return true;
    return false;
}

static uint64_t pick_value(const uint8_t *data, size_t size, size_t width)
{
    static const uint64_t telling[] = {
        0, 1, 2, 3, 4, 7, 10, 15, 16, 63, 64, 65, 255, 1000, 1024, 65535, 65536, INT32_MAX, UINT64_C(1) << 31,
        UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX, 4194400, 4194401};
    uint64_t value = 0;
    switch (next_random() % 4) {
    case 0:
        return telling[below(sizeof(telling) / sizeof(telling[0]))];
    case 1:
        return next_random() % 32;
    case 2:
        return next_random();
    default: /* one that stands elsewhere */
        memcpy(&value, data + below(size - width + 1), width);
        return value;
    }
}

/* A number of an entry. The header's layout comes before its pid, and is left alone three times out of four. */
static uint8_t *pick_field(struct entry entry, size_t width)
{
    size_t from = entry.id == FDT_PART_COUNT && next_random() % 4 != 0 ? offsetof(struct fdt_header, pid) : 0;
    for (int attempt = 0; attempt < 16; attempt++) {
        size_t at = from + below((entry.length - from) / width) * width;
        if (!is_text(entry.id, at))
            return entry.bytes + at;
    }
    return NULL;
}

static void change_field(uint8_t *data, size_t size)
{
    size_t width = (size_t)1 << next_random() % 4;
    struct entry entry = pick_entry(data, size);
    if (entry.bytes == NULL || entry.length < 8)
        return;
    uint64_t value = pick_value(data, size, width);
    uint8_t *field = pick_field(entry, width);
    if (field != NULL)
        memcpy(field, &value, width);
}

static void change_bit(uint8_t *data, size_t size)
{
    struct entry entry = pick_entry(data, size);
    uint8_t *field = entry.bytes != NULL && entry.length >= 8 ? pick_field(entry, 1) : NULL;
    if (field != NULL)
        *field ^= (uint8_t)(1u << below(8));
}

/* An entry stands where another one of its part stood, so that places that were free are taken. */
static void copy_entry(uint8_t *data, size_t size)
{
    size_t rest = 0;
    uint8_t *recording = pick_recording(data, size, &rest);
    int id = parts[HEADERS + below(sizeof(parts) - HEADERS)];
    if (recording == NULL)
        return;
    struct entry from = entry_of(recording, rest, id), to = entry_of(recording, rest, id);
    if (from.bytes != NULL && to.bytes != NULL)
        memmove(to.bytes, from.bytes, to.length);
}

/* --- names --- */

/* What means something to some format, terminal or part of ours. */
static const char *const hostile[] = {
    "", "/", "//", "\033]0;x\007", "\xe2\x80\xae", "\xc2\x9b", "\xff", "\xf0\x9f", "\xef\xbf\xbe", "%s%n", "\r\n",
    "]]>", "<script>", "</script>", "<!--", "&#0;", "\"", "'", "\\", ",", ";", "=1+1", "::error::", "%0A", "*", "[",
    "#", "[rule]", "unix:/run/x", "unix:@x", "inet:127.0.0.1:80", "127.0.0.1:80", "[::1]:80", " (deleted)", "/dev/null",
    "/dev/fd/7", "--fd=7", "-", "fopen", "close", "dup2", "posix_spawn", "sh", "[vdso]", SESSION_LIBRARY};

static void change_text(uint8_t *data, size_t size)
{
    const struct text *text = &texts[below(sizeof(texts) / sizeof(texts[0]))];
    size_t rest = 0;
    uint8_t *recording = pick_recording(data, size, &rest);
    struct entry entry = recording != NULL ? entry_of(recording, rest, text->id) : (struct entry){.bytes = NULL};
    if (entry.bytes == NULL || text->at + text->size > entry.length)
        return;
    const char *word = hostile[below(sizeof(hostile) / sizeof(hostile[0]))];
    uint8_t *name = entry.bytes + text->at;
    size_t length = strlen(word), taken = strnlen((char *)name, text->size);
    size_t at = next_random() % 2 == 0 ? 0 : below(taken + 1);
    if (next_random() % 16 == 0)
        memset(name + taken, 'x', text->size - taken); /* as long as it can be, and without its end */
    if (length > text->size - at)
        length = text->size - at;
    memcpy(name + at, word, length);
    if (next_random() % 2 == 0 && at + length < text->size)
        name[at + length] = '\0';
}

/* --- sessions --- */

/* A recording stands twice: the copy is another image, or claims to be the same. */
static size_t copy_piece(uint8_t *data, size_t size, size_t most)
{
    size_t length = 0;
    uint8_t *recording = pick_recording(data, size, &length);
    if (recording == NULL || length > most - size || find_pieces(data, size).count >= SESSION_PIECES)
        return size;
    memcpy(data + size, recording, length);
    return size + length;
}

static size_t drop_piece(uint8_t *data, size_t size)
{
    size_t length = 0;
    uint8_t *recording = pick_recording(data, size, &length);
    if (recording == NULL || find_pieces(data, size).count < 2)
        return size;
    memmove(recording, recording + length, (size_t)(data + size - (recording + length)));
    return size - length;
}

static size_t mutate_once(uint8_t *data, size_t size, size_t most)
{
    switch (next_random() % 64) {
    case 0:
        return LLVMFuzzerMutate(data, size, most);
    case 1:
        return copy_piece(data, size, most);
    case 2:
        return drop_piece(data, size);
    case 3 ... 9:
        copy_entry(data, size);
        return size;
    case 10 ... 17:
        change_text(data, size);
        return size;
    case 18 ... 25:
        change_bit(data, size);
        return size;
    default:
        change_field(data, size);
        return size;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    state = (uint64_t)seed * 2 + 1;
    next_random();
    if (size < sizeof(struct fdt_header))
        return LLVMFuzzerMutate(data, size, most);
    for (uint64_t rounds = 1 + next_random() % 4; rounds > 0 && size >= 8; rounds--)
        size = mutate_once(data, size, most);
    return size;
}

/* Of two sessions one, with pieces of each. Rarely: what is larger is slower, and mostly no wiser. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *left, size_t left_size, const uint8_t *right, size_t right_size,
                                 uint8_t *out, size_t most, unsigned seed)
{
    const struct pieces both[2] = {find_pieces(left, left_size), find_pieces(right, right_size)};
    size_t size = 0, taken = 0;
    state = (uint64_t)seed * 2 + 1;
    next_random();
    if (next_random() % 16 != 0) {
        size = left_size < most ? left_size : most;
        memcpy(out, left, size);
        return LLVMFuzzerCustomMutator(out, size, most, seed);
    }
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < both[side].count && taken < SESSION_PIECES; i++) {
            size_t length = (size_t)(both[side].start[i + 1] - both[side].start[i]);
            if (next_random() % 2 == 0 || length > most - size)
                continue;
            memcpy(out + size, both[side].start[i], length);
            size += length;
            taken++;
        }
    return size;
}
