/* Gathering, wording and sorting of findings. See finding.h. */
#include "finding.h"

#include "array.h"
#include "finding_merge.h"
#include "hash.h"
#include "lineage.h"
#include "path.h"
#include "rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* uthash tells about memory that ran out through this, instead of ending the process. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->lost = true)
#include <uthash.h>

/* Finds the finding of a key; in the set of notes there is none. */
struct finding_index {
    uint64_t key;
    struct finding *finding;
    bool lost;              /* there was no memory to enrol it */
    UT_hash_handle hh;
};

static struct finding *add_finding(struct findings *findings, const struct rule *rule, uint64_t key)
{
    struct finding_index *entry = calloc(1, sizeof(*entry));
    struct finding *finding = calloc(1, sizeof(*finding));
    if (entry == NULL || finding == NULL || !array_grow(&findings->items, findings->count, sizeof(*findings->items))) {
        free(entry);
        free(finding);
        return NULL;
    }
    finding->rule = rule;
    finding->severity = rule->severity;
    finding->key = entry->key = key;
    entry->finding = finding;
    HASH_ADD(hh, findings->index, key, sizeof(entry->key), entry);
    if (entry->lost) {
        free(entry);
        free(finding);
        return NULL;
    }
    findings->items[findings->count++] = finding;
    return finding;
}

struct finding *findings_at(struct findings *findings, const struct rule *rule, const struct image *image,
                            uint64_t birth_key, uint64_t offence_key)
{
    uint64_t key = hash_text(hash_text(HASH_BEGIN, rule->id), image->exe);
    key = hash_number(hash_number(key, birth_key), offence_key);
    struct finding_index *entry = NULL;
    HASH_FIND(hh, findings->index, &key, sizeof(key), entry);
    struct finding *finding = entry != NULL ? entry->finding : add_finding(findings, rule, key);
    if (finding == NULL) {
        findings->out_of_memory = true;
        return NULL;
    }
    /* Images come one after the other, so a new one can only differ from the last. */
    if (finding->image_count > 0 && finding->images[finding->image_count - 1] == image)
        return finding;
    if (!array_grow(&finding->images, finding->image_count, sizeof(*finding->images))) {
        findings->out_of_memory = true;
        return NULL;
    }
    finding->images[finding->image_count++] = image;
    return finding;
}

void finding_add_descriptor(struct findings *findings, struct finding *finding, struct descriptor descriptor)
{
    if (array_grow(&finding->descriptors, finding->descriptor_count, sizeof(*finding->descriptors)))
        finding->descriptors[finding->descriptor_count++] = descriptor;
    else
        findings->out_of_memory = true;
}

void finding_add_stack(struct finding *finding, struct finding_stack stack)
{
    if (finding->stack_count < FINDING_STACKS_MAX)
        finding->stacks[finding->stack_count++] = stack;
}

void finding_add_birth(struct finding *finding, const struct descriptor *descriptor)
{
    if ((descriptor->state & (FDT_INHERITED | FDT_ADOPTED)) != 0 || descriptor->life->ns == 0)
        return;
    finding_add_stack(finding, (struct finding_stack){
                                   .role = "birth", .image = descriptor->image, .site = descriptor->life->site,
                                   .call = descriptor_call(descriptor), .thread = descriptor->life->tid,
                                   .ns = descriptor->life->ns});
}

void finding_add_root(struct finding *finding, const struct root *root)
{
    if (!root->known)
        return;
    finding_add_stack(finding, (struct finding_stack){
                                   .role = "birth", .image = root->image, .site = root->site,
                                   .call = segment_call(root->image->segment, root->call), .thread = root->thread,
                                   .ns = root->ns});
}

bool findings_noted(const struct findings *findings, uint64_t key)
{
    struct finding_index *entry = NULL;
    HASH_FIND(hh, findings->notes, &key, sizeof(key), entry);
    return entry != NULL;
}

bool findings_note(struct findings *findings, uint64_t key)
{
    if (findings_noted(findings, key))
        return false;
    struct finding_index *entry = calloc(1, sizeof(*entry));
    if (entry != NULL) {
        entry->key = key;
        HASH_ADD(hh, findings->notes, key, sizeof(entry->key), entry);
    }
    if (entry == NULL || entry->lost) {
        free(entry);
        findings->out_of_memory = true;
    }
    return true;
}

const struct finding_stack *finding_stack(const struct finding *finding, const char *role)
{
    for (size_t i = 0; i < finding->stack_count; i++)
        if (strcmp(finding->stacks[i].role, role) == 0)
            return &finding->stacks[i];
    return NULL;
}

static bool is_system_library(const char *path)
{
    static const char *const folders[] = {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/usr/local/lib/", "[vdso]"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

/* Where a program's code lies in a library, its executable is nothing but the entry point. */
static bool is_entry_point(const struct model_frame *frame)
{
    return frame->function != NULL && strcmp(frame->function, "_start") == 0;
}

/* Below /usr/include, or of a compiler for another machine (/usr/aarch64-linux-gnu/include). */
static bool is_system_header(const char *file)
{
    const char *folder = strncmp(file, "/usr/", 5) == 0 ? file + 5 : "", *end = strchrnul(folder, '/');
    bool cross = memchr(folder, '-', (size_t)(end - folder)) != NULL && strncmp(end, "/include/", 9) == 0;
    return cross || strncmp(folder, "include/", 8) == 0;
}

/* What a header of the system had the compiler put there: open, read and others of a fortified build, std::. */
static bool is_from_header(const struct model_frame *frame)
{
    return frame->inlined && frame->file != NULL && is_system_header(frame->file);
}

const struct model_frame *own_frame(const char *exe, const struct model_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        if (stack->frames[i].module != NULL && strcmp(stack->frames[i].module, exe) == 0 &&
            !is_entry_point(&stack->frames[i]) && !is_from_header(&stack->frames[i]))
            return &stack->frames[i];
    for (size_t i = 0; i < stack->count; i++)
        if (stack->frames[i].module != NULL && !is_system_library(stack->frames[i].module) &&
            !is_entry_point(&stack->frames[i]) && !is_from_header(&stack->frames[i]))
            return &stack->frames[i];
    return stack->count > 0 ? &stack->frames[0] : NULL;
}

const struct model_frame *finding_own_frame(const struct finding *finding, const struct model_stack *stack)
{
    return own_frame(finding->images[0]->exe, stack);
}

/* libc and the dynamic linker: what their insides are called depends on whether their debug information is installed. */
static bool is_runtime(const char *module)
{
    const char *name = module != NULL ? path_last(module) : "";
    return strncmp(name, "libc.so", 7) == 0 || strncmp(name, "libc-", 5) == 0 || strncmp(name, "ld-linux", 8) == 0 ||
           strncmp(name, "libpthread", 10) == 0;
}

/* load.constprop.0 and load [clone .part.1] are load: how a compiler cuts a function up changes with every build. */
static uint64_t hash_function(uint64_t hash, const char *function)
{
    if (function == NULL)
        return hash_text(hash, NULL);
    const char *clone = strstr(function, " [clone ");
    size_t length = clone != NULL ? (size_t)(clone - function) : strlen(function);
    static const char *const tails[] = {".constprop.", ".isra.", ".part.", ".cold", ".lto_priv."};
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        const char *tail = memmem(function, length, tails[i], strlen(tails[i]));
        length = tail != NULL && tail > function ? (size_t)(tail - function) : length;
    }
    return hash_bytes(hash_bytes(hash, function, length), "", 1);
}

/*
 * What stays the same on another machine, in another build, and after an edit elsewhere in the file: the rule, the
 * program, and the calls, functions and modules of the stacks. No folder, address, line or number of a descriptor.
 * Neighbours that are equal count once, so that a frame more or less of a recursion, or of code without names, is no change.
 */
static uint64_t fingerprint(const struct finding *finding)
{
    uint64_t hash = hash_text(hash_text(HASH_BEGIN, finding->rule->id), finding->images[0]->program), last = 0;
    for (size_t i = 0; i < finding->stack_count; i++) {
        const struct finding_stack *stack = &finding->stacks[i];
        if (strcmp(stack->role, "set-again") == 0) /* a hint, which makes it no other finding */
            continue;
        hash = hash_text(hash_text(hash, stack->role), stack->call);
        for (size_t j = 0; j < stack->stack.count; j++) {
            const struct model_frame *frame = &stack->stack.frames[j];
            uint64_t one = hash_text(HASH_BEGIN, path_last(frame->module));
            one = hash_function(one, is_runtime(frame->module) ? NULL : frame->function);
            if (one != last || j == 0)
                hash = hash_number(hash, one);
            last = one;
        }
    }
    return hash;
}

static bool put_into_words(struct finding *finding)
{
    size_t message_size, suggestion_size;
    FILE *message = open_memstream(&finding->message, &message_size);
    FILE *suggestion = open_memstream(&finding->suggestion, &suggestion_size);
    if (message != NULL && suggestion != NULL)
        finding->rule->code->describe(finding, message, suggestion);
    bool good = message != NULL && suggestion != NULL;
    if (message != NULL)
        good = fclose(message) == 0 && good;
    if (suggestion != NULL)
        good = fclose(suggestion) == 0 && good;
    return good;
}

/* Most severe first; then as in rules.def; then what happened most often; then what happened first. */
static int by_weight(const void *left, const void *right)
{
    const struct finding *a = *(struct finding *const *)left, *b = *(struct finding *const *)right;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    if (a->images[0]->id != b->images[0]->id)
        return a->images[0]->id < b->images[0]->id ? -1 : 1;
    uint64_t a_ns = a->stack_count > 0 ? a->stacks[0].ns : 0, b_ns = b->stack_count > 0 ? b->stacks[0].ns : 0;
    if (a_ns != b_ns)
        return a_ns < b_ns ? -1 : 1;
    return a->key < b->key ? -1 : a->key > b->key;
}

static void finish_stack(struct model *model, struct finding_stack *stack)
{
    const struct segment *segment = stack->image->segment;
    stack->stack = model_stack(model, stack->image, stack->site);
    stack->thread_name = segment != NULL ? segment_thread_name(segment, stack->thread, stack->ns) : NULL;
}

static void finish(struct findings *findings)
{
    for (size_t i = 0; i < findings->count && !findings->out_of_memory; i++) {
        struct finding *finding = findings->items[i];
        for (size_t j = 0; j < finding->stack_count; j++)
            finish_stack(findings->model, &finding->stacks[j]);
        finding->fingerprint = fingerprint(finding);
    }
    if (!findings->out_of_memory && !findings_merge(findings))
        findings->out_of_memory = true;
    for (size_t i = 0; i < findings->count && !findings->out_of_memory; i++)
        if (!put_into_words(findings->items[i]))
            findings->out_of_memory = true;
    if (findings->count > 1)
        qsort(findings->items, findings->count, sizeof(*findings->items), by_weight);
}

int findings_gather(struct findings *findings, struct model *model)
{
    *findings = (struct findings){.model = model};
    for (const struct rule *rule = rules; rule->id != NULL; rule++)
        for (size_t i = 0; i < model->image_count && !findings->out_of_memory; i++)
            rule->code->check(rule, &model->images[i], findings);
    finish(findings);
    return findings->out_of_memory ? -ENOMEM : 0;
}

bool finding_reword(struct finding *finding)
{
    free(finding->message);
    free(finding->suggestion);
    finding->message = finding->suggestion = NULL;
    return put_into_words(finding);
}

int findings_sift(struct findings *findings)
{
    size_t shown = 0, aside = 0;
    struct finding **put_aside = calloc(findings->count + 1, sizeof(struct finding *));
    if (put_aside == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = findings->items[i];
        if (finding->fate == FINDING_SHOWN)
            findings->items[shown++] = finding;
        else
            put_aside[aside++] = finding;
    }
    if (aside > 0)
        memcpy(findings->items + shown, put_aside, aside * sizeof(struct finding *));
    free(put_aside);
    findings->count = shown;
    findings->aside += aside;
    return 0;
}

static void free_index(struct finding_index *index)
{
    struct finding_index *entry, *next;
    HASH_ITER(hh, index, entry, next) {
        HASH_DEL(index, entry);
        free(entry);
    }
}

void finding_free(struct finding *finding)
{
    free(finding->images);
    free(finding->descriptors);
    free(finding->limits);
    free(finding->message);
    free(finding->suggestion);
    free(finding);
}

void findings_free(struct findings *findings)
{
    free_index(findings->index);
    free_index(findings->notes);
    for (size_t i = 0; i < findings->count + findings->aside; i++)
        finding_free(findings->items[i]);
    free(findings->items);
    *findings = (struct findings){0};
}
