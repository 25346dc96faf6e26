/* See profile.h. */
#include "out/profile.h"

#include "array.h"
#include "hash.h"
#include "lineage.h"
#include "path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* uthash tells about memory that ran out through this, instead of ending the process. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->lost = true)
#include <uthash.h>

/* What has been met: a frame, a sample, or a root lifetime that was counted; their keys never meet (see SALT). */
struct profile_index {
    uint64_t key;
    size_t at;
    bool lost;
    UT_hash_handle hh;
};
enum { SALT_FRAME = 1, SALT_SAMPLE, SALT_ROOT };

/* The entry of a key; *is_new when it was made by this call. NULL: out of memory, which is noted. */
static struct profile_index *meet(struct profile *profile, int salt, uint64_t key, size_t at, bool *is_new)
{
    struct profile_index *entry = NULL;
    key = hash_number(hash_number(HASH_BEGIN, (uint64_t)salt), key);
    HASH_FIND(hh, profile->index, &key, sizeof(key), entry);
    *is_new = entry == NULL;
    if (entry != NULL)
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (entry != NULL) {
        entry->key = key;
        entry->at = at;
        HASH_ADD(hh, profile->index, key, sizeof(entry->key), entry);
        if (!entry->lost)
            return entry;
        free(entry);
    }
    profile->out_of_memory = true;
    return NULL;
}

/* NULL: out of memory. */
static char *label_of(const struct model_frame *frame)
{
    char *label = NULL;
    if (frame->function != NULL && frame->function[0] != '\0')
        return strdup(frame->function);
    const char *module = frame->module != NULL ? path_last(frame->module) : "";
    return asprintf(&label, "%s%s0x%llx", module, *module != '\0' ? "+" : "", (unsigned long long)frame->offset) < 0
               ? NULL : label;
}

/* The number of a frame that is a function (at) or, with at NULL, only a word. */
static uint32_t intern(struct profile *profile, const struct model_frame *at, const char *word)
{
    uint64_t key = hash_text(hash_number(HASH_BEGIN, at != NULL), at != NULL ? at->function : word);
    if (at != NULL) {
        key = hash_text(hash_text(hash_text(key, at->file), at->module), at->build_id);
        key = hash_number(hash_number(hash_number(key, at->line), at->offset), at->inlined);
    }
    bool is_new;
    struct profile_index *entry = meet(profile, SALT_FRAME, key, profile->frame_count, &is_new);
    if (entry == NULL || !is_new)
        return entry != NULL ? (uint32_t)entry->at : 0;
    char *label = at != NULL ? label_of(at) : strdup(word);
    if (label == NULL || !array_grow(&profile->frames, profile->frame_count, sizeof(*profile->frames))) {
        free(label);
        entry->at = 0;
        profile->out_of_memory = true;
        return 0;
    }
    profile->frames[profile->frame_count] = (struct profile_frame){label, at};
    return (uint32_t)profile->frame_count++;
}

static const char *program_name(const struct image *image)
{
    return image->program[0] != '\0' ? image->program
           : image->argc > 0 && image->argv[0][0] != '\0' ? path_last(image->argv[0]) : "(unknown program)";
}

/* seen false: nobody saw where it was born. */
static void fill_stack(struct profile *profile, struct profile_sample *sample, uint32_t site, uint16_t call, bool seen)
{
    struct model_stack stack = {0};
    if (seen && site != FDT_NO_SITE)
        stack = model_stack(sample->image->model, sample->image, site);
    sample->frames = calloc(stack.count + 3, sizeof(*sample->frames));
    if (sample->frames == NULL) {
        profile->out_of_memory = true;
        return;
    }
    sample->frames[sample->depth++] = intern(profile, NULL, program_name(sample->image));
    if (stack.cut)
        sample->frames[sample->depth++] = intern(profile, NULL, "(stack cut)");
    for (size_t i = stack.count; i-- > 0;)
        sample->frames[sample->depth++] = intern(profile, &stack.frames[i], NULL);
    const char *name = seen ? segment_call(sample->image->segment, call) : "(birth not seen)";
    sample->frames[sample->depth++] = intern(profile, NULL, name != NULL ? name : "(call unknown)");
}

/* NULL: out of memory. */
static struct profile_sample *sample_at(struct profile *profile, const struct image *image, uint32_t site,
                                        uint16_t call, bool seen)
{
    uint64_t code = seen ? model_site_key(image->model, image, site, call) : 0;
    uint64_t key = hash_number(hash_text(HASH_BEGIN, image->exe), code);
    bool is_new;
    struct profile_index *entry = meet(profile, SALT_SAMPLE, key, profile->sample_count, &is_new);
    if (entry == NULL)
        return NULL;
    if (!is_new)
        return &profile->samples[entry->at];
    if (!array_grow(&profile->samples, profile->sample_count, sizeof(*profile->samples))) {
        profile->out_of_memory = true;
        return NULL;
    }
    struct profile_sample *sample = &profile->samples[profile->sample_count++];
    *sample = (struct profile_sample){.image = image};
    fill_stack(profile, sample, site, call, seen);
    return sample;
}

/* Site 0 counts births without a stack; of them only the calls of those in the table are known. */
static void add_births(struct profile *profile, const struct image *image)
{
    const struct segment *segment = image->segment;
    for (uint32_t site = 0; site < segment->site_count && !profile->out_of_memory; site++) {
        if (segment->sites[site].births == 0)
            continue;
        uint16_t call = site != FDT_NO_SITE ? segment->sites[site].call : FDT_NO_CALL;
        struct profile_sample *sample = sample_at(profile, image, site, call, true);
        if (sample != NULL)
            sample->births += segment->sites[site].births;
    }
}

static void add_live(struct profile *profile, const struct image *image)
{
    for (size_t i = 0; i < image->open_count && !profile->out_of_memory; i++) {
        const struct descriptor *descriptor = &image->open[i];
        if (image->end.how == END_EXEC && (descriptor->state & FDT_CLOEXEC) != 0)
            continue;
        struct root root = lineage_root(descriptor, NULL, 0, NULL);
        bool is_new;
        if (meet(profile, SALT_ROOT, root_key(&root), 0, &is_new) == NULL || !is_new)
            continue;
        uint16_t call = root.site != FDT_NO_SITE ? root.call : FDT_NO_CALL;
        struct profile_sample *sample = sample_at(profile, root.image, root.site, call, root.known);
        if (sample != NULL)
            sample->live++;
    }
}

int profile_gather(struct profile *profile, struct model *model)
{
    *profile = (struct profile){0};
    intern(profile, NULL, "(unknown)"); /* so that number 0 always is a frame */
    for (size_t i = 0; i < model->image_count && !profile->out_of_memory; i++)
        if (model->images[i].segment != NULL)
            add_births(profile, &model->images[i]);
    for (size_t i = 0; i < model->image_count && !profile->out_of_memory; i++)
        add_live(profile, &model->images[i]);
    return profile->out_of_memory ? -ENOMEM : 0;
}

void profile_free(struct profile *profile)
{
    struct profile_index *entry, *next;
    HASH_ITER(hh, profile->index, entry, next) {
        HASH_DEL(profile->index, entry);
        free(entry);
    }
    for (size_t i = 0; i < profile->frame_count; i++)
        free(profile->frames[i].label);
    for (size_t i = 0; i < profile->sample_count; i++)
        free(profile->samples[i].frames);
    free(profile->frames);
    free(profile->samples);
    *profile = (struct profile){0};
}
