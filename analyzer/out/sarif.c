/*
 * --format sarif: SARIF 2.1.0, as code scanning systems and editors read it. One run, one result a finding, each on one
 * line. A result points at the frame the text points at; its other stacks are related locations, and all of them
 * together the code flow: what happened in each thread, from the outside inwards, in the order of time.
 *
 * Files of the checkout are relative to %SRCROOT%, others are file: URIs. In messages SARIF itself gives a meaning to
 * braces and to [text](target): what comes from the traced program is written so that it stays text.
 */
#include "escape.h"
#include "out/json_values.h"
#include "out/place.h"
#include "out/writer.h"
#include "rule.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

/* A reference that any parser of URIs takes: all but unreserved characters and slashes is %XX, invalid bytes, too. */
static json_t *uri(const char *path, bool inside)
{
    char *text = malloc(strlen("file://") + strlen(path) * 3 + 1);
    if (text == NULL)
        return NULL;
    char *to = stpcpy(text, !inside && *path == '/' ? "file://" : "");
    for (; *path != '\0'; path++)
        if (isalnum((unsigned char)*path) && (unsigned char)*path < 0x80)
            *to++ = *path;
        else if (strchr("-._~/", *path) != NULL)
            *to++ = *path;
        else
            to += sprintf(to, "%%%02X", (unsigned char)*path);
    *to = '\0';
    json_t *value = json_string(text);
    free(text);
    return value;
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '{' || *text == '}')
            putc(*text, out);
        if (*text == ']' && text[1] == '(')
            putc('\\', out);
        putc(*text, out);
    }
}

/* A message of one or two sentences; help may be NULL. */
static json_t *message(const char *text, const char *help)
{
    char *safe = escape_text(text), *safe_help = escape_text(help != NULL ? help : ""), *words = NULL;
    size_t size = 0;
    json_t *value = NULL;
    FILE *out = safe != NULL && safe_help != NULL ? open_memstream(&words, &size) : NULL;
    if (out != NULL) {
        put_escaped(out, safe);
        if (safe_help[0] != '\0') {
            fputs(".\nhelp: ", out);
            put_escaped(out, safe_help);
        }
        if (fclose(out) == 0)
            value = json_pack("{s:s}", "text", words);
    }
    free(words);
    free(safe_help);
    free(safe);
    return value;
}

static json_t *event_message(const struct finding *finding, const struct finding_stack *stack)
{
    char *words = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&words, &size);
    if (out == NULL)
        return NULL;
    place_event(out, finding, stack);
    json_t *value = fclose(out) == 0 ? message(words, NULL) : NULL;
    free(words);
    return value;
}

static json_t *physical_value(const struct place *place)
{
    json_t *value = json_object();
    const struct model_frame *frame = place->frame;
    if (place->file != NULL) {
        json_t *artifact = json_pack("{s:o}", "uri", uri(place->file, place->inside));
        if (place->inside)
            json_object_set_new(artifact, "uriBaseId", json_string("%SRCROOT%"));
        json_object_set_new(value, "artifactLocation", artifact);
    }
    if (place->line > 0)
        json_object_set_new(value, "region", json_pack("{s:I}", "startLine", (json_int_t)place->line));
    else if (frame != NULL && frame->file == NULL) /* an address for addr2line, or one outside of all modules */
        json_object_set_new(value, "address",
                            json_pack("{s:o}", frame->module != NULL ? "relativeAddress" : "absoluteAddress",
                                      json_of_number(frame->offset)));
    return value;
}

static json_t *location_value(const struct place *place)
{
    json_t *value = json_object();
    if (place->file != NULL || place->frame != NULL)
        json_object_set_new(value, "physicalLocation", physical_value(place));
    if (place->frame != NULL && place->frame->function != NULL)
        json_object_set_new(value, "logicalLocations",
                            json_pack("[{s:o, s:s}]", "fullyQualifiedName", json_of_words(place->frame->function),
                                      "kind", "function"));
    return value;
}

static json_t *frame_location(const struct checkout *checkout, const struct model_frame *frame)
{
    struct place place = place_of_frame(checkout, frame);
    json_t *value = location_value(&place);
    place_free(&place);
    return value;
}

/* The stacks but the first, which the result itself points at. */
static json_t *related_values(const struct checkout *checkout, const struct finding *finding)
{
    json_t *array = json_array();
    for (size_t i = 1; i < finding->stack_count; i++) {
        const struct model_frame *frame = finding_own_frame(finding, &finding->stacks[i].stack);
        if (frame == NULL)
            continue;
        json_t *location = frame_location(checkout, frame);
        json_object_set_new(location, "id", json_integer((json_int_t)i));
        json_object_set_new(location, "message", event_message(finding, &finding->stacks[i]));
        json_array_append_new(array, location);
    }
    return array;
}

static json_t *stack_values(const struct checkout *checkout, const struct finding *finding)
{
    json_t *array = json_array();
    for (size_t i = 0; i < finding->stack_count; i++) {
        const struct finding_stack *stack = &finding->stacks[i];
        json_t *frames = json_array();
        for (size_t j = 0; j < stack->stack.count; j++) {
            const struct model_frame *frame = &stack->stack.frames[j];
            json_t *value = json_pack("{s:o}", "location", frame_location(checkout, frame));
            if (frame->module != NULL)
                json_object_set_new(value, "module", json_of_words(frame->module));
            if (stack->thread > 0)
                json_object_set_new(value, "threadId", json_integer(stack->thread));
            json_array_append_new(frames, value);
        }
        json_array_append_new(array, json_pack("{s:o, s:o}", "message", event_message(finding, stack), "frames",
                                               frames));
    }
    return array;
}

/* Steps of one stack, from the outside inwards: those a reader can go to, and the frame of the program's own. */
static void add_steps(json_t *steps, const struct checkout *checkout, const struct finding *finding,
                      const struct finding_stack *stack, int *order)
{
    const struct model_frame *own = finding_own_frame(finding, &stack->stack);
    int level = 0;
    for (size_t i = stack->stack.count; i-- > 0;) {
        const struct model_frame *frame = &stack->stack.frames[i];
        struct place place = place_of_frame(checkout, frame);
        bool shown = (place.inside && frame->file != NULL) || frame == own;
        json_t *location = shown ? location_value(&place) : NULL;
        place_free(&place);
        if (location == NULL)
            continue;
        if (frame == own)
            json_object_set_new(location, "message", event_message(finding, stack));
        json_array_append_new(steps, json_pack("{s:o, s:i, s:i}", "location", location, "nestingLevel", level++,
                                               "executionOrder", ++*order));
    }
}

/* By time; there are a handful. */
static void sort_stacks(const struct finding *finding, const struct finding_stack **sorted)
{
    for (size_t i = 0; i < finding->stack_count; i++) {
        size_t j = i;
        for (; j > 0 && sorted[j - 1]->ns > finding->stacks[i].ns; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = &finding->stacks[i];
    }
}

static bool is_same_thread(const struct finding_stack *a, const struct finding_stack *b)
{
    return a->image == b->image && a->thread == b->thread;
}

static void name_thread(json_t *flow, const struct finding_stack *stack)
{
    char id[16];
    if (stack->thread <= 0)
        return;
    snprintf(id, sizeof(id), "%d", stack->thread);
    json_object_set_new(flow, "id", json_string(id));
    if (stack->thread_name != NULL)
        json_object_set_new(flow, "message", message(stack->thread_name, NULL));
}

/* One flow, in it a thread flow for each thread that had a hand in it. */
static json_t *flow_values(const struct checkout *checkout, const struct finding *finding)
{
    const struct finding_stack *sorted[FINDING_STACKS_MAX];
    json_t *steps[FINDING_STACKS_MAX], *threads = json_array();
    int order = 0;
    sort_stacks(finding, sorted);
    for (size_t i = 0; i < finding->stack_count; i++) {
        size_t first = 0;
        while (!is_same_thread(sorted[first], sorted[i]))
            first++;
        steps[i] = first == i ? json_array() : steps[first];
        add_steps(steps[i], checkout, finding, sorted[i], &order);
    }
    for (size_t i = 0; i < finding->stack_count; i++) {
        size_t first = 0;
        while (first < i && steps[first] != steps[i])
            first++;
        if (first < i)
            continue;
        json_t *thread = json_pack("{s:o}", "locations", steps[i]);
        name_thread(thread, sorted[i]);
        if (json_array_size(steps[i]) > 0)
            json_array_append(threads, thread);
        json_decref(thread);
    }
    json_t *flows = json_array();
    if (json_array_size(threads) > 0)
        json_array_append_new(flows, json_pack("{s:O}", "threadFlows", threads));
    json_decref(threads);
    return flows;
}

static json_t *properties_value(const struct finding *finding)
{
    const struct image *image = finding->images[0];
    json_t *value = json_pack("{s:o, s:i, s:I}", "program", json_of_words(image->program), "pid", image->pid, "images",
                              (json_int_t)finding->image_count);
    if (finding->crossings > 0)
        json_object_set_new(value, "crossings", json_of_number(finding->crossings));
    if (finding->target != NULL)
        json_object_set_new(value, "target", json_of_words(finding->target));
    if (finding->known > 0)
        json_object_set_new(value, "known", json_of_number(finding->known));
    return value;
}

/* What is empty is left out. */
static void set_array(json_t *object, const char *key, json_t *array)
{
    if (json_array_size(array) > 0)
        json_object_set(object, key, array);
    json_decref(array);
}

static json_t *result_value(const struct report_view *view, const struct checkout *checkout,
                            const struct finding *finding)
{
    char fingerprint[17];
    snprintf(fingerprint, sizeof(fingerprint), "%016llx", (unsigned long long)finding->fingerprint);
    struct place place = place_of(checkout, finding);
    json_t *locations = json_array();
    if (place.file != NULL || place.frame != NULL)
        json_array_append_new(locations, location_value(&place));
    place_free(&place);
    json_t *value = json_pack("{s:s, s:I, s:s, s:o, s:o, s:{s:s}, s:o}", "ruleId", finding->rule->id, "ruleIndex",
                              (json_int_t)(finding->rule - rules), "level", severity_name(finding->rule->severity),
                              "message", message(finding->message, finding->suggestion), "locations", locations,
                              "partialFingerprints", "fdtrace/v1", fingerprint, "properties",
                              properties_value(finding));
    if (value == NULL)
        return NULL;
    if (finding->count > 0)
        json_object_set_new(value, "occurrenceCount", json_of_number(finding->count));
    if (view->options->baseline != NULL)
        json_object_set_new(value, "baselineState", json_string(finding->known > 0 ? "updated" : "new"));
    set_array(value, "relatedLocations", related_values(checkout, finding));
    set_array(value, "stacks", stack_values(checkout, finding));
    set_array(value, "codeFlows", flow_values(checkout, finding));
    return value;
}

/* The rules are all listed, also those that found nothing: a result names its own by index. */
static json_t *tool_value(void)
{
    json_t *list = json_array();
    for (const struct rule *rule = rules; rule->id != NULL; rule++)
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:{s:s}}", "id", rule->id, "shortDescription",
                                              message(rule->says, NULL), "help", message(rule->says, NULL),
                                              "defaultConfiguration", "level", severity_name(rule->severity)));
    return json_pack("{s:{s:s, s:s, s:s, s:o}}", "driver", "name", "fdtrace", "version", FDTRACE_VERSION,
                     "semanticVersion", FDTRACE_VERSION, "rules", list);
}

/* What was not watched must not look like a pass: it is no result of the program, but of the run. */
static json_t *invocation_value(const struct report_view *view)
{
    const struct report_result *result = view->result;
    json_t *notes = json_array();
    if (result->unrecorded)
        json_array_append_new(notes, json_pack("{s:s, s:{s:s}}", "level", "error", "message", "text",
                                               UNRECORDED_WORDS));
    if (result->untraced > 0)
        json_array_append_new(notes, json_pack("{s:s, s:{s:s}}", "level", "warning", "message", "text",
                                               "not every program of the tree could be traced"));
    json_t *value = json_pack("{s:b}", "executionSuccessful", !result->unrecorded);
    set_array(value, "toolExecutionNotifications", notes);
    return value;
}

/* A folder ends with a slash. */
static json_t *bases_value(const struct checkout *checkout)
{
    char *folder = NULL;
    if (checkout->count == 0)
        return json_object();
    if (asprintf(&folder, "%s/", checkout->roots[0]) < 0)
        return NULL;
    json_t *value = json_pack("{s:{s:o}}", "%SRCROOT%", "uri", uri(folder, false));
    free(folder);
    return value;
}

static int write_sarif(FILE *out, const struct report_view *view)
{
    struct checkout checkout;
    checkout_find(&checkout);
    fputs("{ \"$schema\": \"" SCHEMA "\",\n  \"version\": \"2.1.0\",\n  \"runs\": [ { \"tool\": ", out);
    int result = json_print(out, tool_value());
    fputs(",\n    \"originalUriBaseIds\": ", out);
    if (result == 0)
        result = json_print(out, bases_value(&checkout));
    fputs(",\n    \"invocations\": [", out);
    if (result == 0)
        result = json_print(out, invocation_value(view));
    fputs("],\n    \"results\": [", out);
    for (size_t i = 0; i < view->findings->count && result == 0; i++) {
        fputs(i > 0 ? ",\n      " : "\n      ", out);
        result = json_print(out, result_value(view, &checkout, view->findings->items[i]));
    }
    fputs(" ] } ] }\n", out);
    checkout_free(&checkout);
    return result;
}

const struct writer writer_sarif = {"sarif", write_sarif};
