/* Applying suppressions to findings. For reading them, suppress.c. See suppress.h. */
#include "suppress.h"

#include "glob_path.h"
#include "rule.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATTERNS_MAX = 128, FUNCTION_MAX = 1024 };

/* The globs of frames=, split. */
struct patterns {
    char *text;
    const char *items[PATTERNS_MAX];
    size_t count;
};

static bool split(struct patterns *patterns, const struct suppression *item)
{
    *patterns = (struct patterns){.text = strdup(item->frames != NULL ? item->frames : "")};
    if (patterns->text == NULL)
        return false;
    if (item->anywhere) {
        patterns->items[patterns->count++] = patterns->text;
        return true;
    }
    char *state;
    for (char *word = strtok_r(patterns->text, ";", &state); word != NULL && patterns->count < PATTERNS_MAX;
         word = strtok_r(NULL, ";", &state)) {
        word += strspn(word, " \t");
        for (size_t length = strlen(word); length > 0 && strchr(" \t", word[length - 1]) != NULL; length--)
            word[length - 1] = '\0';
        patterns->items[patterns->count++] = word;
    }
    return true;
}

/* --- frames --- */

/* C++ and Rust names carry their parameters; the name alone will do. */
static bool fits_function(const char *glob, const char *function)
{
    char name[FUNCTION_MAX];
    if (function == NULL)
        function = "??";
    if (fnmatch(glob, function, 0) == 0)
        return true;
    size_t length = strcspn(function, "(");
    if (length == 0 || function[length] == '\0' || length >= sizeof(name))
        return false;
    memcpy(name, function, length);
    name[length] = '\0';
    return fnmatch(glob, name, 0) == 0;
}

static bool fits_frame(const char *glob, const struct model_frame *frame)
{
    return fits_function(glob, frame->function) || glob_path(glob, frame->file) || glob_path(glob, frame->module);
}

static bool is_gap(const char *pattern)
{
    return strcmp(pattern, "...") == 0;
}

/* The patterns from the first frame on; when one does not fit, the latest gap takes one frame more. */
static bool fits_from(const struct patterns *patterns, size_t first, const struct model_stack *stack)
{
    size_t i = first, j = 0, gap = SIZE_MAX, gap_end = 0;
    while (i < patterns->count) {
        if (is_gap(patterns->items[i])) {
            gap = i++;
            gap_end = j;
        } else if (j < stack->count && fits_frame(patterns->items[i], &stack->frames[j])) {
            i++;
            j++;
        } else if (gap != SIZE_MAX && gap_end < stack->count) {
            i = gap + 1;
            j = ++gap_end;
        } else {
            return false;
        }
    }
    return true;
}

static bool fits_stack(const struct patterns *patterns, const struct finding_stack *stack)
{
    bool by_call = stack->call != NULL && fnmatch(patterns->items[0], stack->call, 0) == 0;
    return fits_from(patterns, 0, &stack->stack) || (by_call && fits_from(patterns, 1, &stack->stack));
}

/* A line asks about the stack of the birth; a finding without one has another that comes first. */
static bool fits_anywhere(const char *glob, const struct finding *finding)
{
    const struct finding_stack *birth = finding_stack(finding, "birth");
    if (birth == NULL && finding->stack_count > 0)
        birth = &finding->stacks[0];
    for (size_t i = 0; birth != NULL && i < birth->stack.count; i++)
        if (fits_frame(glob, &birth->stack.frames[i]))
            return true;
    return false;
}

static bool fits_stacks(const struct suppression *item, const struct patterns *patterns, const struct finding *finding)
{
    if (patterns->count == 0)
        return true;
    if (item->anywhere)
        return fits_anywhere(patterns->items[0], finding);
    for (size_t i = 0; i < finding->stack_count; i++)
        if (fits_stack(patterns, &finding->stacks[i]))
            return true;
    return false;
}

/* --- what was opened --- */

static bool fits_descriptor(const struct suppression *item, const struct descriptor *descriptor)
{
    char path[PATH_MAX];
    if (item->kind != NULL && fnmatch(item->kind, kind_name(descriptor->kind), 0) != 0)
        return false;
    return item->object == NULL || fnmatch(item->object, descriptor_name(descriptor), 0) == 0 ||
           (descriptor_path(descriptor, path, sizeof(path)) && fnmatch(item->object, path, 0) == 0);
}

/*
 * How many lifetimes of the finding fit. Of a finding that counts something else than its descriptors (offences, or a
 * site's births), all must fit or none does: rather told than hidden.
 */
static uint64_t count_fitting(const struct suppression *item, const struct patterns *patterns,
                              const struct finding *finding)
{
    size_t fitting = 0;
    if ((item->rule != NULL && fnmatch(item->rule, finding->rule->id, 0) != 0) ||
        (item->program != NULL && !glob_path(item->program, finding->images[0]->exe)) ||
        !fits_stacks(item, patterns, finding))
        return 0;
    if (item->kind == NULL && item->object == NULL)
        return finding->count;
    for (size_t i = 0; i < finding->descriptor_count; i++)
        fitting += fits_descriptor(item, &finding->descriptors[i]);
    if (fitting == finding->descriptor_count && fitting > 0)
        return finding->count;
    return finding->count == finding->descriptor_count ? fitting : 0;
}

/* --- applying --- */

static bool is_expired(const struct suppression *item)
{
    char today[16];
    struct tm local;
    time_t now = time(NULL);
    if (item->expires == NULL || localtime_r(&now, &local) == NULL ||
        strftime(today, sizeof(today), "%Y-%m-%d", &local) == 0)
        return false;
    return strcmp(item->expires, today) < 0; /* the form makes the order of texts that of days */
}

/* Some of its lifetimes go. False: out of memory. */
static bool take_out(const struct suppression *item, struct finding *finding)
{
    size_t kept = 0;
    for (size_t i = 0; i < finding->descriptor_count; i++)
        if (!fits_descriptor(item, &finding->descriptors[i]))
            finding->descriptors[kept++] = finding->descriptors[i];
    finding->count = finding->descriptor_count = kept;
    return finding_reword(finding);
}

static bool apply(struct suppression *item, struct findings *findings, uint64_t *fitting)
{
    struct patterns patterns;
    if (!split(&patterns, item))
        return false;
    item->state = SUPPRESSION_UNUSED;
    item->findings = 0;
    item->count = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = findings->items[i];
        fitting[i] = finding->fate == FINDING_SHOWN ? count_fitting(item, &patterns, finding) : 0;
        item->count += fitting[i];
    }
    free(patterns.text);
    if (item->count == 0)
        return true;
    item->state = is_expired(item)                           ? SUPPRESSION_EXPIRED
                  : item->limited && item->count > item->max ? SUPPRESSION_EXCEEDED
                                                             : SUPPRESSION_USED;
    if (item->state != SUPPRESSION_USED)
        return true;
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = findings->items[i];
        if (fitting[i] == 0)
            continue;
        item->findings++;
        if (fitting[i] == finding->count)
            finding->fate = FINDING_SUPPRESSED;
        else if (!take_out(item, finding))
            return false;
    }
    return true;
}

int suppressions_apply(struct suppressions *list, struct findings *findings)
{
    uint64_t *fitting = calloc(findings->count + 1, sizeof(*fitting));
    bool good = fitting != NULL;
    for (size_t i = 0; i < list->count && good; i++)
        good = apply(&list->items[i], findings, fitting);
    free(fitting);
    return good ? findings_sift(findings) : -ENOMEM;
}
