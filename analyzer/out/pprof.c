/*
 * --format pprof: a gzipped Profile message of pprof (https://github.com/google/pprof/blob/main/proto/profile.proto),
 * with two values a sample: the descriptors open at the end, and all that were opened. Each sample is labelled with its
 * program.
 *
 * Functions and locations are numbered alike: profile frame i is location i + 1 and function i + 1. Addresses are
 * those of the module's own file, and each module is a mapping that begins at 0, so that a tool that looks for symbols
 * itself finds them.
 */
#include "out/profile.h"
#include "out/protobuf.h"
#include "out/writer.h"

#include "escape.h"
#include "hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->lost = true)
#include <uthash.h>

/* Fields of the messages, by the names profile.proto gives them. */
enum {
    PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE = 2, PROFILE_MAPPING = 3, PROFILE_LOCATION = 4, PROFILE_FUNCTION = 5,
    PROFILE_STRING_TABLE = 6, PROFILE_TIME_NANOS = 9, PROFILE_DURATION_NANOS = 10, PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_SAMPLE_TYPE = 14,
    VALUE_TYPE = 1, VALUE_UNIT = 2,
    SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3,
    LABEL_KEY = 1, LABEL_STR = 2,
    MAPPING_ID = 1, MAPPING_LIMIT = 3, MAPPING_FILENAME = 5, MAPPING_BUILD_ID = 6, MAPPING_HAS_FUNCTIONS = 7,
    LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4,
    LINE_FUNCTION = 1, LINE_LINE = 2,
    FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILENAME = 4
};

/* A text of the string table, or a module; its number is its place. */
struct entry {
    uint64_t key;
    uint64_t number;
    uint64_t limit;                /* of a module: beyond every address in it */
    const char *path, *build_id;   /* of a module */
    bool lost;
    UT_hash_handle hh;
};

struct encoder {
    struct protobuf profile, part, inner;
    struct entry *strings, *modules;
    bool out_of_memory;
};

static struct entry *find_or_add(struct encoder *encoder, struct entry **table, uint64_t key, bool *is_new)
{
    struct entry *entry = NULL;
    HASH_FIND(hh, *table, &key, sizeof(key), entry);
    *is_new = entry == NULL;
    if (entry != NULL)
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        encoder->out_of_memory = true;
        return NULL;
    }
    entry->key = key;
    entry->number = HASH_COUNT(*table);
    HASH_ADD(hh, *table, key, sizeof(entry->key), entry);
    if (!entry->lost)
        return entry;
    free(entry);
    encoder->out_of_memory = true;
    return NULL;
}

/* The number of a text in the string table, where it is put when it is new. Strings of protobuf are UTF-8. */
static uint64_t string(struct encoder *encoder, const char *text)
{
    bool is_new;
    struct entry *entry = find_or_add(encoder, &encoder->strings, hash_text(HASH_BEGIN, text), &is_new);
    if (entry == NULL || !is_new)
        return entry != NULL ? entry->number : 0;
    char *safe = escape_utf8(text != NULL ? text : "");
    encoder->out_of_memory |= safe == NULL;
    if (safe != NULL)
        protobuf_bytes(&encoder->profile, PROFILE_STRING_TABLE, safe, strlen(safe));
    free(safe);
    return entry->number;
}

static void put_type(struct encoder *encoder, const char *type)
{
    protobuf_number(&encoder->part, VALUE_TYPE, string(encoder, type));
    protobuf_number(&encoder->part, VALUE_UNIT, string(encoder, "count"));
    protobuf_message(&encoder->profile, PROFILE_SAMPLE_TYPE, &encoder->part);
}

/* The number of the mapping that stands for a frame's module; 0 none. */
static uint64_t module_of(struct encoder *encoder, const struct model_frame *frame)
{
    if (frame == NULL || frame->module == NULL)
        return 0;
    bool is_new;
    uint64_t key = hash_text(hash_text(HASH_BEGIN, frame->module), frame->build_id);
    struct entry *entry = find_or_add(encoder, &encoder->modules, key, &is_new);
    if (entry == NULL)
        return 0;
    entry->path = frame->module;
    entry->build_id = frame->build_id;
    if (frame->offset >= entry->limit)
        entry->limit = frame->offset + 1;
    return entry->number + 1;
}

static void put_mappings(struct encoder *encoder)
{
    for (struct entry *entry = encoder->modules; entry != NULL; entry = entry->hh.next) {
        protobuf_number(&encoder->part, MAPPING_ID, entry->number + 1);
        protobuf_number(&encoder->part, MAPPING_LIMIT, entry->limit);
        protobuf_number(&encoder->part, MAPPING_FILENAME, string(encoder, entry->path));
        protobuf_number(&encoder->part, MAPPING_BUILD_ID, string(encoder, entry->build_id));
        protobuf_number(&encoder->part, MAPPING_HAS_FUNCTIONS, true);
        protobuf_message(&encoder->profile, PROFILE_MAPPING, &encoder->part);
    }
}

static void put_frame(struct encoder *encoder, const struct profile_frame *frame, uint64_t number)
{
    const struct model_frame *at = frame->at;
    uint64_t name = string(encoder, frame->label);
    protobuf_number(&encoder->part, FUNCTION_ID, number);
    protobuf_number(&encoder->part, FUNCTION_NAME, name);
    protobuf_number(&encoder->part, FUNCTION_SYSTEM_NAME, name);
    protobuf_number(&encoder->part, FUNCTION_FILENAME, at != NULL ? string(encoder, at->file) : 0);
    protobuf_message(&encoder->profile, PROFILE_FUNCTION, &encoder->part);

    protobuf_number(&encoder->inner, LINE_FUNCTION, number);
    protobuf_number(&encoder->inner, LINE_LINE, at != NULL ? at->line : 0);
    protobuf_number(&encoder->part, LOCATION_ID, number);
    protobuf_number(&encoder->part, LOCATION_MAPPING, module_of(encoder, at));
    protobuf_number(&encoder->part, LOCATION_ADDRESS, at != NULL ? at->offset : 0);
    protobuf_message(&encoder->part, LOCATION_LINE, &encoder->inner);
    protobuf_message(&encoder->profile, PROFILE_LOCATION, &encoder->part);
}

/* pprof wants the innermost frame first. */
static void put_sample(struct encoder *encoder, const struct profile *profile, const struct profile_sample *sample)
{
    uint64_t *locations = calloc(sample->depth + 1, sizeof(*locations));
    if (locations == NULL) {
        encoder->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < sample->depth; i++)
        locations[i] = (uint64_t)sample->frames[sample->depth - 1 - i] + 1;
    protobuf_numbers(&encoder->part, SAMPLE_LOCATION, locations, sample->depth);
    protobuf_numbers(&encoder->part, SAMPLE_VALUE, (const uint64_t[]){sample->live, sample->births}, 2);
    protobuf_number(&encoder->inner, LABEL_KEY, string(encoder, "program"));
    protobuf_number(&encoder->inner, LABEL_STR, string(encoder, profile->frames[sample->frames[0]].label));
    protobuf_message(&encoder->part, SAMPLE_LABEL, &encoder->inner);
    protobuf_message(&encoder->profile, PROFILE_SAMPLE, &encoder->part);
    free(locations);
}

/* When the first image began, by the calendar, and how long all of it lasted. */
static void put_times(struct encoder *encoder, const struct model *model)
{
    uint64_t first = UINT64_MAX, last = 0, began = 0;
    for (size_t i = 0; i < model->image_count; i++) {
        const struct image *image = &model->images[i];
        if (image->segment == NULL)
            continue;
        if (image->start_ns < first) {
            first = image->start_ns;
            began = image->segment->header.start_realtime_ns;
        }
        if (image->end_ns > last)
            last = image->end_ns;
    }
    protobuf_number(&encoder->profile, PROFILE_TIME_NANOS, began);
    protobuf_number(&encoder->profile, PROFILE_DURATION_NANOS, last > first ? last - first : 0);
}

static void encode(struct encoder *encoder, const struct profile *profile, const struct model *model)
{
    string(encoder, ""); /* number 0, by definition */
    put_type(encoder, "live");
    put_type(encoder, "births");
    protobuf_number(&encoder->profile, PROFILE_DEFAULT_SAMPLE_TYPE, string(encoder, "live"));
    protobuf_number(&encoder->profile, PROFILE_COMMENT, string(encoder, "fdtrace " FDTRACE_VERSION));
    put_times(encoder, model);
    for (size_t i = 0; i < profile->frame_count; i++)
        put_frame(encoder, &profile->frames[i], i + 1);
    for (size_t i = 0; i < profile->sample_count; i++)
        put_sample(encoder, profile, &profile->samples[i]);
    put_mappings(encoder);
    encoder->out_of_memory |= encoder->profile.out_of_memory || encoder->part.out_of_memory ||
                              encoder->inner.out_of_memory;
}

static void free_entries(struct entry **table)
{
    struct entry *entry, *next;
    HASH_ITER(hh, *table, entry, next) {
        HASH_DEL(*table, entry);
        free(entry);
    }
}

/* windowBits of deflateInit2: 16 more asks for gzip's header. No time in it: equal profiles make equal files. */
enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };

static int put_gzip(FILE *out, const struct protobuf *message)
{
    unsigned char chunk[16384];
    z_stream stream = {.next_in = message->bytes};
    size_t left = message->length;
    int result;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    do {
        if (stream.avail_in == 0 && left > 0) {
            stream.avail_in = left > 1u << 30 ? 1u << 30 : (uInt)left;
            left -= stream.avail_in;
        }
        stream.next_out = chunk;
        stream.avail_out = sizeof(chunk);
        result = deflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
        fwrite(chunk, 1, sizeof(chunk) - stream.avail_out, out);
    } while (result == Z_OK);
    deflateEnd(&stream);
    return result == Z_STREAM_END ? 0 : -ENOMEM;
}

static int write_pprof(FILE *out, const struct report_view *view)
{
    struct profile profile;
    struct encoder encoder = {0};
    int result = profile_gather(&profile, view->model);
    if (result == 0)
        encode(&encoder, &profile, view->model);
    if (result == 0 && encoder.out_of_memory)
        result = -ENOMEM;
    if (result == 0)
        result = put_gzip(out, &encoder.profile);
    free_entries(&encoder.strings);
    free_entries(&encoder.modules);
    protobuf_free(&encoder.profile);
    protobuf_free(&encoder.part);
    protobuf_free(&encoder.inner);
    profile_free(&profile);
    return result;
}

const struct writer writer_pprof = {"pprof", write_pprof};
