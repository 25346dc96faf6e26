/* See json_values.h. */
#include "out/json_values.h"

#include "escape.h"

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

static json_t *lineage(const struct descriptor *descriptor)
{
    json_t *steps = json_array();
    const struct image *before = descriptor->image->predecessor;
    if (descriptor->life->from >= 0 && (descriptor->state & FDT_INHERITED) == 0)
        json_array_append_new(steps, json_pack("{s:s, s:i, s:I}", "how", relation(descriptor_call(descriptor)), "fd",
                                               (int)descriptor->life->from, "generation",
                                               (json_int_t)descriptor->life->from_generation));
    if ((descriptor->state & FDT_INHERITED) != 0 && before != NULL)
        json_array_append_new(steps, json_pack("{s:s, s:I, s:i}", "how", "inherit", "image", (json_int_t)before->id,
                                               "pid", before->pid));
    return steps;
}

json_t *json_of_descriptor(const struct descriptor *descriptor)
{
    const struct fdt_life *life = descriptor->life;
    json_t *born = life->ns != 0 ? json_real(model_seconds(descriptor->image, life->ns)) : json_null();
    json_t *value = json_pack(
        "{s:i, s:s, s:o, s:o, s:b, s:s, s:s, s:o, s:o, s:o, s:I}", "fd", descriptor->fd, "kind",
        kind_name(descriptor->kind), "name", json_of_text(life->name), "call",
        json_of_text(descriptor_call(descriptor)), "cloexec", (descriptor->state & FDT_CLOEXEC) != 0, "state",
        descriptor_state(descriptor), "owner", owner_name(life->owner), "born", born, "age",
        life->ns != 0 ? json_real(descriptor_age(descriptor)) : json_null(), "lineage", lineage(descriptor),
        "generation", (json_int_t)descriptor->generation);
    if (value != NULL && (descriptor->state & FDT_NAME_CUT) != 0)
        json_object_set_new(value, "name_cut", json_true());
    return value;
}

/* Jansson escapes every control character but DEL, which can only stand inside a string. */
static int put(const char *text, size_t length, void *out)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == 0x7f)
            fputs("\\u007f", out);
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
