/* See json_values.h. */
#include "out/json_values.h"

#include "escape.h"
#include "finding.h"
#include "lineage.h"
#include "rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

json_t *json_of_text(const char *text)
{
    char *safe = text != NULL ? escape_utf8(text) : NULL;
    json_t *value = safe != NULL ? json_string_nocheck(safe) : text == NULL ? json_null() : NULL;
    free(safe);
    return value;
}

json_t *json_of_words(const char *text)
{
    char *safe = text != NULL ? escape_text(text) : NULL;
    json_t *value = safe != NULL ? json_string_nocheck(safe) : text == NULL ? json_null() : NULL;
    free(safe);
    return value;
}

json_t *json_of_number(uint64_t number)
{
    return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

/* How a descriptor that came from another one did. */
static const char *relation(const char *call)
{
    if (call == NULL)
        return "from";
    if (strncmp(call, "accept", 6) == 0)
        return "accept";
    if (strncmp(call, "recv", 4) == 0)
        return "receive";
    return strncmp(call, "dup", 3) == 0 || strcmp(call, "fcntl") == 0 ? "dup" : "from";
}

static json_t *step_value(const struct lineage_step *step)
{
    static const char *const hows[] = {"start", "fork", "exec", "spawn"};
    return json_pack("{s:s, s:s, s:I, s:i, s:o, s:i, s:o}", "how", "inherit", "by", hows[step->how], "image",
                     (json_int_t)step->image->id, "pid", step->image->pid, "program",
                     json_of_text(step->image->program), "fd", step->fd, "generation",
                     step->generation != 0 ? json_integer(step->generation) : json_null());
}

/* The first birth, in another image: by which call, and where in the program's own code. */
static json_t *birth_value(const struct root *root)
{
    struct model_stack stack = model_stack(root->image->model, root->image, root->site);
    const struct model_frame *frame = own_frame(root->image->exe, &stack);
    return json_pack("{s:s, s:I, s:i, s:o, s:i, s:I, s:o, s:f, s:o, s:o, s:o}", "how", "birth", "image",
                     (json_int_t)root->image->id, "pid", root->image->pid, "program",
                     json_of_text(root->image->program), "fd", root->fd, "generation", (json_int_t)root->generation,
                     "call", json_of_text(segment_call(root->image->segment, root->call)), "time",
                     model_seconds(root->image, root->ns), "function",
                     json_of_text(frame != NULL ? frame->function : NULL), "file",
                     json_of_text(frame != NULL ? frame->file : NULL), "line",
                     frame != NULL && frame->line != 0 ? json_integer(frame->line) : json_null());
}

static json_t *sent_value(const struct sent_right *sent)
{
    return json_pack("{s:s, s:I, s:i, s:o, s:i, s:I}", "how", "receive", "image", (json_int_t)sent->image->id, "pid",
                     sent->image->pid, "program", json_of_text(sent->image->program), "fd", (int)sent->right->fd,
                     "generation", (json_int_t)sent->right->generation);
}

/* The images an inherited one came through, and its birth, when that was elsewhere than in reader's. */
static void add_inheritance(json_t *array, const struct descriptor *descriptor, const struct image *reader)
{
    enum { STEPS = 32 };
    struct lineage_step steps[STEPS];
    size_t count;
    struct root root = lineage_root(descriptor, steps, STEPS, &count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, step_value(&steps[i]));
    if (root.known && root.image != reader)
        json_array_append_new(array, birth_value(&root));
}

static json_t *lineage(const struct descriptor *descriptor)
{
    json_t *array = json_array();
    if (descriptor->life->from >= 0 && (descriptor->state & FDT_INHERITED) == 0)
        json_array_append_new(array, json_pack("{s:s, s:i, s:I}", "how", relation(descriptor_call(descriptor)), "fd",
                                               (int)descriptor->life->from, "generation",
                                               (json_int_t)descriptor->life->from_generation));
    const struct sent_right *sent = rights_source(descriptor);
    if (sent != NULL) {
        struct descriptor original = rights_original(sent);
        json_array_append_new(array, sent_value(sent));
        add_inheritance(array, &original, descriptor->image);
    } else {
        add_inheritance(array, descriptor, descriptor->image);
    }
    return array;
}
json_t *json_of_descriptor(const struct descriptor *descriptor)
{
    const struct fdt_life *life = descriptor->life;
    json_t *born = life->ns != 0 ? json_real(model_seconds(descriptor->image, life->ns)) : json_null();
    json_t *value = json_pack(
        "{s:i, s:s, s:o, s:o, s:b, s:s, s:s, s:o, s:o, s:o, s:I}", "fd", descriptor->fd, "kind",
        kind_name(descriptor->kind), "name", json_of_text(descriptor_name(descriptor)), "call",
        json_of_text(descriptor_call(descriptor)), "cloexec", (descriptor->state & FDT_CLOEXEC) != 0, "state",
        descriptor_state(descriptor), "owner", owner_name(life->owner), "born", born, "age",
        life->ns != 0 ? json_real(descriptor_age(descriptor)) : json_null(), "lineage", lineage(descriptor),
        "generation", (json_int_t)descriptor->generation);
    if (value != NULL && (descriptor->state & FDT_NAME_CUT) != 0)
        json_object_set_new(value, "name_cut", json_true());
    double used;
    enum descriptor_use use = descriptor_use(descriptor, &used);
    if (value != NULL && use != USE_UNKNOWN)
        json_object_set_new(value, "last_used", use == USE_TIMED ? json_real(used) : json_false());
    return value;
}

/*
 * Jansson escapes every control character but DEL, which can only stand inside a string, as ## can: a log that shows
 * JSON must not hold the beginning of a ##[command] (escape.h). What needs no escape comes here in one piece.
 */
static int put(const char *text, size_t length, void *out)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == 0x7f || (text[i] == '#' && i + 1 < length && text[i + 1] == '#'))
            fprintf(out, "\\u%04x", (unsigned)text[i]);
        else
            putc_unlocked(text[i], out);
    return 0;
}

int json_print(FILE *out, json_t *value)
{
    if (value == NULL)
        return -ENOMEM;
    json_dump_callback(value, put, out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12));
    json_decref(value);
    return 0;
}
