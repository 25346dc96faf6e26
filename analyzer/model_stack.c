/*
 * Stacks of the model: site keys, which compare stacks across images without looking anything up, and frames, which are
 * looked up only for what is reported. See model.h.
 */
#include "model.h"

#include "hash.h"
#include "model_private.h"
#include "path.h"
#include "symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->count = UINT32_MAX)
#include <uthash.h>

enum { ENTRY_FRAMES_MAX = 32, BUILD_ID_TEXT = 41 };

/* What one address of one module means: a function, and the functions inlined there, innermost first. */
struct frame_entry {
    uint64_t key;
    uint32_t count;
    char build_id[BUILD_ID_TEXT];
    UT_hash_handle hh;
    struct model_frame frames[];
};

/* A frame array handed out by model_stack. */
struct stack_block {
    struct stack_block *next;
    struct model_frame frames[];
};

/* What a module is, wherever it was loaded: its build id, else its path. */
static uint64_t module_key(const struct fdt_module *module)
{
    return module->build_id_length > 0 ? hash_bytes(HASH_BEGIN, module->build_id, module->build_id_length)
                                       : hash_text(HASH_BEGIN, module->path);
}

static struct image_keys *keys_of(struct model *model, const struct image *image)
{
    struct model_private *private = model->private;
    if (private->keys == NULL)
        private->keys = calloc(model->image_count, sizeof(*private->keys));
    if (private->keys == NULL)
        return NULL;
    struct image_keys *keys = &private->keys[image - model->images];
    if (keys->sites == NULL) {
        const struct segment *segment = image->segment;
        keys->sites = calloc((size_t)segment->site_count + 1, sizeof(*keys->sites));
        keys->modules = calloc((size_t)segment->module_count + 1, sizeof(*keys->modules));
        if (keys->sites == NULL || keys->modules == NULL) {
            free(keys->sites);
            free(keys->modules);
            *keys = (struct image_keys){0};
            return NULL;
        }
        for (uint32_t i = 0; i < segment->module_count; i++)
            keys->modules[i] = module_key(&segment->modules[i]);
    }
    return keys;
}

/* Of call and code. Two images of one program agree on it wherever their modules were loaded. */
static uint64_t site_hash(const struct segment *segment, const struct fdt_site *site, const uint64_t *module_keys)
{
    uint64_t hash = hash_text(HASH_BEGIN, segment_call(segment, site->call));
    for (uint32_t i = 0; i < site->depth; i++) {
        uint64_t address = segment->frames[site->frames + i];
        const struct fdt_module *module = segment_module(segment, address, site->epoch);
        if (module != NULL)
            hash = hash_number(hash, module_keys[module - segment->modules]);
        hash = hash_number(hash, module != NULL ? address - module->bias : address);
    }
    return hash | 1;
}

uint64_t model_site_key(struct model *model, const struct image *image, uint32_t site, uint16_t call)
{
    const struct segment *segment = image->segment;
    struct image_keys *keys = site != FDT_NO_SITE && site < segment->site_count ? keys_of(model, image) : NULL;
    if (keys == NULL)
        return hash_text(HASH_BEGIN, segment_call(segment, call)) | 1;
    if (keys->sites[site] == 0)
        keys->sites[site] = site_hash(segment, &segment->sites[site], keys->modules);
    return keys->sites[site];
}

uint64_t model_birth_key(struct model *model, const struct descriptor *descriptor)
{
    return model_site_key(model, descriptor->image, descriptor->life->site, descriptor->life->call);
}

static void hex(char *to, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sprintf(to + 2 * i, "%02x", bytes[i]);
    to[2 * length] = '\0';
}

static struct frame_entry *new_entry(struct model_private *private, const struct fdt_module *module, uint64_t offset)
{
    struct symbol_frame found[ENTRY_FRAMES_MAX];
    if (private->symbols == NULL)
        private->symbols = symbols_new();
    size_t count = 0;
    if (private->symbols != NULL)
        count = symbols_find(private->symbols, module->path, module->build_id, module->build_id_length, offset, found,
                             ENTRY_FRAMES_MAX);
    size_t kept = count > 0 ? count : 1; /* nothing found: the module and the offset are still a frame */
    struct frame_entry *entry = calloc(1, sizeof(*entry) + kept * sizeof(entry->frames[0]));
    if (entry == NULL)
        return NULL;
    entry->count = (uint32_t)kept;
    hex(entry->build_id, module->build_id, module->build_id_length);
    for (size_t i = 0; i < kept; i++) {
        struct model_frame *frame = &entry->frames[i];
        frame->module = module->path[0] != '\0' ? module->path : NULL;
        frame->build_id = entry->build_id[0] != '\0' ? entry->build_id : NULL;
        frame->offset = offset;
        if (count == 0)
            continue;
        frame->function = found[i].function;
        frame->file = found[i].file;
        frame->line = found[i].line;
        frame->inlined = found[i].inlined;
    }
    return entry;
}

static const struct frame_entry *look_up(struct model *model, const struct fdt_module *module, uint64_t offset)
{
    struct model_private *private = model->private;
    uint64_t key = hash_number(hash_text(module_key(module), module->path), offset);
    struct frame_entry *entry = NULL;
    HASH_FIND(hh, private->frames, &key, sizeof(key), entry);
    if (entry != NULL || (entry = new_entry(private, module, offset)) == NULL)
        return entry;
    uint32_t count = entry->count;
    entry->key = key;
    HASH_ADD(hh, private->frames, key, sizeof(entry->key), entry);
    if (entry->count != count) {
        free(entry);
        return NULL;
    }
    return entry;
}

static bool is_ours(const struct fdt_module *module)
{
    return strncmp(path_last(module->path), "libfdtrace.so", strlen("libfdtrace.so")) == 0;
}

/* Appends the frames of one return address. */
static size_t add_frames(struct model *model, const struct segment *segment, const struct fdt_site *site,
                         uint64_t address, struct model_frame *frames)
{
    const struct fdt_module *module = segment_module(segment, address, site->epoch);
    if (module == NULL) {
        frames[0] = (struct model_frame){.offset = address};
        return 1;
    }
    if (is_ours(module))
        return 0;
    const struct frame_entry *entry = look_up(model, module, address - module->bias);
    if (entry == NULL)
        return 0;
    memcpy(frames, entry->frames, entry->count * sizeof(*frames));
    return entry->count;
}

struct model_stack model_stack(struct model *model, const struct image *image, uint32_t id)
{
    struct model_stack stack = {0};
    if (image->segment == NULL || id == FDT_NO_SITE || id >= image->segment->site_count)
        return stack;
    const struct segment *segment = image->segment;
    const struct fdt_site *site = &segment->sites[id];
    stack.via_syscall = (site->flags & FDT_SITE_SYSCALL) != 0;
    stack.cut = (site->flags & FDT_SITE_CUT) != 0;
    stack.stuck = stack.cut && site->depth < segment->header.depth;
    struct model_frame frames[FDT_DEPTH_MAX * 2 + ENTRY_FRAMES_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < site->depth && count <= FDT_DEPTH_MAX * 2; i++)
        count += add_frames(model, segment, site, segment->frames[site->frames + i], frames + count);
    struct stack_block *block = malloc(sizeof(*block) + count * sizeof(frames[0]));
    if (block == NULL)
        return stack;
    memcpy(block->frames, frames, count * sizeof(frames[0]));
    block->next = model->private->stacks;
    model->private->stacks = block;
    stack.frames = block->frames;
    stack.count = count;
    return stack;
}

static void free_frames(struct frame_entry *frames)
{
    struct frame_entry *entry, *next;
    HASH_ITER(hh, frames, entry, next) {
        HASH_DEL(frames, entry);
        free(entry);
    }
}

void model_stacks_free(struct model *model)
{
    struct model_private *private = model->private;
    for (size_t i = 0; private->keys != NULL && i < model->image_count; i++) {
        free(private->keys[i].sites);
        free(private->keys[i].modules);
    }
    free(private->keys);
    free_frames(private->frames);
    while (private->stacks != NULL) {
        struct stack_block *block = private->stacks;
        private->stacks = block->next;
        free(block);
    }
    if (private->symbols != NULL)
        symbols_free(private->symbols);
}
