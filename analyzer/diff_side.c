/* Loading what `fdtrace diff` compares. See diff_side.h. */
#include "diff_side.h"

#include "array.h"
#include "rule.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(const char *path, char *error, size_t error_size)
{
    snprintf(error, error_size, "out of memory while reading %s", path);
    return -ENOMEM;
}

static bool add(struct diff_side *side, const struct diff_entry *entry, const char *message, char *where)
{
    char *copy = strdup(message);
    if (copy == NULL || where == NULL || !array_grow(&side->entries, side->count, sizeof(*side->entries))) {
        free(copy);
        free(where);
        return false;
    }
    side->entries[side->count] = *entry;
    side->entries[side->count].order = side->count;
    side->entries[side->count].message = copy;
    side->entries[side->count++].where = where;
    return true;
}

static int by_fingerprint(const void *left, const void *right)
{
    const struct diff_entry *a = left, *b = right;
    int result = strcmp(a->fingerprint, b->fingerprint);
    return result != 0 ? result : a->order < b->order ? -1 : a->order > b->order;
}

/* The one that was told first stands for all of its fingerprint. */
static void settle(struct diff_side *side)
{
    size_t kept = 0;
    if (side->count > 1)
        qsort(side->entries, side->count, sizeof(*side->entries), by_fingerprint);
    for (size_t i = 0; i < side->count; i++) {
        struct diff_entry *entry = &side->entries[i];
        if (kept > 0 && strcmp(side->entries[kept - 1].fingerprint, entry->fingerprint) == 0) {
            side->entries[kept - 1].count += entry->count;
            free(entry->message);
            free(entry->where);
        } else {
            side->entries[kept++] = *entry;
        }
    }
    side->count = kept;
}

/* --- recordings --- */

static char *where_of(const struct finding *finding)
{
    const struct model_frame *frame =
        finding->stack_count > 0 ? finding_own_frame(finding, &finding->stacks[0].stack) : NULL;
    char *where = NULL;
    if (frame == NULL || frame->file == NULL)
        return strdup("");
    return asprintf(&where, "%s:%u", frame->file, frame->line) < 0 ? NULL : where;
}

static int load_recording(struct diff_side *side, const char *path, char *error, size_t error_size)
{
    struct model model;
    struct findings findings;
    int result = model_load(&model, &path, 1, NULL, 0, error, error_size);
    if (result < 0)
        return result;
    bool good = findings_gather(&findings, &model) == 0;
    for (size_t i = 0; i < findings.count && good; i++) {
        const struct finding *finding = findings.items[i];
        struct diff_entry entry = {.rule = finding->rule, .count = finding->count};
        snprintf(entry.fingerprint, sizeof(entry.fingerprint), "%016llx", (unsigned long long)finding->fingerprint);
        good = add(side, &entry, finding->message, where_of(finding));
    }
    findings_free(&findings);
    model_free(&model);
    return good ? 0 : out_of_memory(path, error, error_size);
}

/* --- reports --- */

static const struct rule *find_rule(const char *id)
{
    for (const struct rule *rule = rules; id != NULL && rule->id != NULL; rule++)
        if (strcmp(rule->id, id) == 0)
            return rule;
    return NULL;
}

/* The first frame with a file: the report itself does not say which one is the program's own. */
static char *where_in(json_t *finding)
{
    json_t *frames = json_object_get(json_array_get(json_object_get(finding, "stacks"), 0), "frames"), *frame;
    size_t i;
    json_array_foreach(frames, i, frame) {
        const char *file = json_string_value(json_object_get(frame, "file"));
        char *where = NULL;
        if (file != NULL)
            return asprintf(&where, "%s:%lld", file, (long long)json_integer_value(json_object_get(frame, "line"))) < 0
                       ? NULL
                       : where;
    }
    return strdup("");
}

/* False: it has not what a finding of the schema has. A rule this fdtrace does not know is left out by the caller. */
static bool read_finding(json_t *finding, struct diff_entry *entry, const char **message)
{
    const char *fingerprint = json_string_value(json_object_get(finding, "fingerprint"));
    json_t *count = json_object_get(finding, "count");
    *message = json_string_value(json_object_get(finding, "message"));
    if (fingerprint == NULL || strlen(fingerprint) != 16 || strspn(fingerprint, "0123456789abcdef") != 16 ||
        *message == NULL || !json_is_integer(count) || json_integer_value(count) < 0)
        return false;
    *entry = (struct diff_entry){.rule = find_rule(json_string_value(json_object_get(finding, "rule"))),
                                 .count = (uint64_t)json_integer_value(count)};
    memcpy(entry->fingerprint, fingerprint, sizeof(entry->fingerprint));
    return true;
}

static int read_report(struct diff_side *side, json_t *report, const char *path, char *error, size_t error_size)
{
    const char *schema = json_string_value(json_object_get(report, "schema"));
    json_t *findings = json_object_get(report, "findings"), *finding;
    size_t i;
    if (schema == NULL || strcmp(schema, "fdtrace-report/1") != 0 || !json_is_array(findings)) {
        snprintf(error, error_size, "%s is JSON, but no report of schema fdtrace-report/1", path);
        return -EINVAL;
    }
    json_array_foreach(findings, i, finding) {
        struct diff_entry entry;
        const char *message;
        if (!read_finding(finding, &entry, &message)) {
            snprintf(error, error_size, "%s: finding %zu lacks a fingerprint, a count or a message", path, i + 1);
            return -EINVAL;
        }
        if (entry.rule != NULL && !add(side, &entry, message, where_in(finding)))
            return out_of_memory(path, error, error_size);
    }
    return 0;
}

static int load_report(struct diff_side *side, FILE *file, const char *path, char *error, size_t error_size)
{
    json_error_t wrong;
    json_t *report = json_loadf(file, 0, &wrong);
    if (report == NULL) {
        snprintf(error, error_size, "%s:%d: %s", path, wrong.line, wrong.text);
        return -EINVAL;
    }
    int result = read_report(side, report, path, error, error_size);
    json_decref(report);
    return result;
}

/* A report begins with a brace, a recording with its magic number; a folder cannot be read at all. */
static bool is_json(FILE *file)
{
    int byte;
    do
        byte = getc(file);
    while (byte != EOF && isspace(byte));
    if (byte != EOF)
        ungetc(byte, file);
    return byte == '{' || byte == '[';
}

int diff_side_load(struct diff_side *side, const char *path, char *error, size_t error_size)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    *side = (struct diff_side){0};
    int result = file != NULL && (standard || is_json(file)) ? load_report(side, file, path, error, error_size)
                                                             : load_recording(side, path, error, error_size);
    if (file != NULL && !standard)
        fclose(file);
    if (result < 0)
        diff_side_free(side);
    else
        settle(side);
    return result;
}

void diff_side_free(struct diff_side *side)
{
    for (size_t i = 0; i < side->count; i++) {
        free(side->entries[i].message);
        free(side->entries[i].where);
    }
    free(side->entries);
    *side = (struct diff_side){0};
}
