/*
 * --format json: one object, schema fdtrace-report/1. Written image by image and finding by finding, each on one line,
 * so that memory stays small however much there is to say.
 */
#include "headroom.h"
#include "out/json_values.h"
#include "out/writer.h"
#include "rule.h"

#include <errno.h>

static json_t *texts(const char *const *list, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_of_text(list[i]));
    return array;
}

static json_t *descriptors(const struct descriptor *list, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_of_descriptor(&list[i]));
    return array;
}

/* What had to be left out for want of room; a field for every overflow policy of the segment. */
static json_t *lost(const struct fdt_lost *lost)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "slots", json_of_number(lost->slots), "sites",
                     json_of_number(lost->sites), "incidents", json_of_number(lost->incidents), "modules",
                     json_of_number(lost->modules), "stacks", json_of_number(lost->stacks), "execs",
                     json_of_number(lost->execs), "crossings", json_of_number(lost->crossings),
                     "threads", json_of_number(lost->threads));
}

static json_t *image_value(const struct image *image)
{
    static const char *const hows[] = {"start", "fork", "exec", "spawn"};
    json_t *value = json_pack(
        "{s:I, s:i, s:i, s:o, s:s, s:o, s:o, s:b, s:{s:s, s:o}, s:o, s:{s:o, s:o, s:o, s:o, s:o}}", "id",
        (json_int_t)image->id, "pid", image->pid, "ppid", image->ppid, "predecessor",
        image->predecessor != NULL ? json_integer(image->predecessor->id) : json_null(), "how", hows[image->how], "exe",
        json_of_text(image->exe), "argv", texts(image->argv, image->argc), "traced", image->segment != NULL, "end",
        "how", end_name(image->end.how), "status",
        image->end.how == END_UNKNOWN ? json_null() : json_integer(image->end.status),
        "open_at_end", descriptors(image->open, image->open_count), "counts", "births", json_of_number(image->births),
        "deaths", json_of_number(image->deaths), "peak", json_of_number(image->peak), "events",
        json_of_number(image->events), "dropped", json_of_number(image->dropped));
    if (value == NULL)
        return NULL;
    if (image->segment != NULL)
        json_object_set_new(value, "lost", lost(&image->segment->header.lost));
    else
        json_object_set_new(value, "reason", json_of_text(image->untraced_reason));
    return value;
}

static json_t *frame_value(const struct model_frame *frame)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "function", json_of_text(frame->function), "file",
                     json_of_text(frame->file), "line", frame->line != 0 ? json_integer(frame->line) : json_null(),
                     "module", json_of_text(frame->module), "build_id", json_of_text(frame->build_id), "offset",
                     json_of_number(frame->offset), "inlined", frame->inlined);
}

static json_t *stack_value(const struct finding_stack *stack)
{
    json_t *frames = json_array();
    for (size_t i = 0; i < stack->stack.count; i++)
        json_array_append_new(frames, frame_value(&stack->stack.frames[i]));
    json_t *value = json_pack("{s:s, s:o, s:o, s:o, s:o}", "role", stack->role, "call", json_of_text(stack->call),
                              "thread", stack->thread != 0 ? json_integer(stack->thread) : json_null(), "time",
                              json_real(model_seconds(stack->image, stack->ns)), "frames", frames);
    if (value != NULL && stack->thread_name != NULL)
        json_object_set_new(value, "thread_name", json_of_text(stack->thread_name));
    if (value != NULL && stack->stack.via_syscall)
        json_object_set_new(value, "via", json_string("syscall"));
    if (value != NULL && stack->stack.cut)
        json_object_set_new(value, "cut", json_true());
    return value;
}

/* Unknown limits are null; what has no bound is a number no process reaches. */
static json_t *limit_value(uint64_t number)
{
    return number != 0 ? json_of_number(number) : json_null();
}

static json_t *holder_value(const struct limit_holder *holder)
{
    json_t *frames = json_array();
    for (size_t i = 0; i < holder->stack.count; i++)
        json_array_append_new(frames, frame_value(&holder->stack.frames[i]));
    return json_pack("{s:o, s:o, s:s, s:o, s:f, s:f, s:o}", "live", json_of_number(holder->live), "call",
                     json_of_text(descriptor_call(&holder->oldest)), "kind", kind_name(holder->oldest.kind), "name",
                     json_of_text(holder->oldest.life->name), "oldest_age", holder->oldest_age, "youngest_age",
                     holder->youngest_age, "frames", frames);
}

static json_t *limits_value(const struct finding_limits *limits)
{
    json_t *holders = json_array();
    for (size_t i = 0; i < limits->holder_count; i++)
        json_array_append_new(holders, holder_value(&limits->holders[i]));
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "which", limits->which, "soft", json_of_number(limits->soft),
                     "hard", json_of_number(limits->hard), "nr_open", limit_value(limits->nr_open), "file_max",
                     limit_value(limits->file_max), "open", json_of_number(limits->open),
                     "peak", json_of_number(limits->peak), "holders", holders);
}

static size_t argument_count(const char *const *list)
{
    size_t count = 0;
    while (list[count] != NULL)
        count++;
    return count;
}

static json_t *finding_value(const struct finding *finding)
{
    char fingerprint[17];
    snprintf(fingerprint, sizeof(fingerprint), "%016llx", (unsigned long long)finding->fingerprint);
    json_t *images = json_array(), *stacks = json_array();
    for (size_t i = 0; i < finding->image_count; i++)
        json_array_append_new(images, json_integer(finding->images[i]->id));
    for (size_t i = 0; i < finding->stack_count; i++)
        json_array_append_new(stacks, stack_value(&finding->stacks[i]));
    json_t *value = json_pack("{s:s, s:s, s:I, s:i, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "rule", finding->rule->id, "severity",
                     severity_name(finding->severity), "image", (json_int_t)finding->images[0]->id, "pid",
                     finding->images[0]->pid, "images", images, "count", json_of_number(finding->count), "message",
                     json_of_text(finding->message), "suggestion", json_of_text(finding->suggestion), "fingerprint",
                     fingerprint, "known", json_of_number(finding->known), "descriptors", descriptors(finding->descriptors, finding->descriptor_count), "stacks",
                     stacks);
    if (value != NULL && finding->crossings > 0)
        json_object_set_new(value, "crossings", json_of_number(finding->crossings));
    if (value != NULL && finding_stack(finding, "register") != NULL) {
        json_object_set_new(value, "epoll", json_integer(finding->epoll));
        json_object_set_new(value, "duplicate", json_integer(finding->duplicate));
    }
    if (value != NULL && finding->limits != NULL)
        json_object_set_new(value, "limits", limits_value(finding->limits));
    if (value != NULL && finding->target != NULL)
        json_object_set_new(value, "target", json_of_text(finding->target));
    if (value != NULL && finding->target_argv != NULL)
        json_object_set_new(value, "target_argv", texts(finding->target_argv, argument_count(finding->target_argv)));
    return value;
}

static json_t *command_value(const struct report_view *view)
{
    const struct model *model = view->model;
    size_t count = 0;
    if (view->options->command != NULL) {
        while (view->options->command[count] != NULL)
            count++;
        return texts((const char *const *)view->options->command, count);
    }
    if (model->command != NULL)
        return texts(model->command, model->command_argc);
    return texts(model->images[0].argv, model->images[0].argc);
}

/* Unused ones, too: whoever tidies a list of suppressions wants to know. */
static json_t *suppression_value(const struct suppression *item)
{
    json_t *value = json_pack("{s:o, s:o, s:o, s:I, s:b, s:s, s:o, s:o}", "name", json_of_text(item->name), "rule",
                              json_of_text(item->rule), "file", json_of_text(item->source), "line",
                              (json_int_t)item->line, "embedded", item->embedded, "state",
                              suppression_state_name(item->state), "findings", json_of_number(item->findings), "count",
                              json_of_number(item->count));
    if (value == NULL)
        return NULL;
    json_object_set_new(value, "max", item->limited ? json_of_number(item->max) : json_null());
    json_object_set_new(value, "expires", json_of_text(item->expires));
    json_object_set_new(value, "reason", json_of_text(item->reason));
    return value;
}

static json_t *gate_value(const struct report_view *view)
{
    const struct report_result *result = view->result;
    return json_pack("{s:o, s:b, s:o, s:o, s:o}", "fail_on", json_of_text(view->options->fail_on), "failed",
                     result->verdict[0] != '\0', "why", json_of_text(result->verdict[0] != '\0' ? result->verdict : NULL),
                     "known", json_of_number(result->known), "gone", json_of_number(result->gone));
}

static int write_json(FILE *out, const struct report_view *view)
{
    const struct model *model = view->model;
    fputs("{ \"schema\": \"fdtrace-report/1\",\n  \"command\": ", out);
    int result = json_print(out, command_value(view));
    fputs(",\n  \"images\": [", out);
    for (size_t i = 0; i < model->image_count && result == 0; i++) {
        fputs(i > 0 ? ",\n    " : "\n    ", out);
        result = json_print(out, image_value(&model->images[i]));
    }
    fputs(" ],\n  \"findings\": [", out);
    for (size_t i = 0; i < view->findings->count && result == 0; i++) {
        fputs(i > 0 ? ",\n    " : "\n    ", out);
        result = json_print(out, finding_value(view->findings->items[i]));
    }
    fprintf(out, " ],\n  \"suppressed\": %zu,\n  \"suppressions\": [", view->result->suppressed);
    for (size_t i = 0; i < view->options->suppressions->count && result == 0; i++) {
        fputs(i > 0 ? ",\n    " : "\n    ", out);
        result = json_print(out, suppression_value(&view->options->suppressions->items[i]));
    }
    fputs(" ],\n  \"gate\": ", out);
    if (result == 0)
        result = json_print(out, gate_value(view));
    fputs(" }\n", out);
    return result;
}

const struct writer writer_json = {"json", write_json};
