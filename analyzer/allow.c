/* Marking intended descriptors. See allow.h. */
#include "allow.h"

#include "array.h"
#include "options.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct builtin {
    const char *kind, *name;
} builtins[] = {
#define ALLOW(kind, name, why) {kind, name},
#include "allow.def"
#undef ALLOW
};
enum { BUILTINS = sizeof(builtins) / sizeof(builtins[0]) };

/* A kind that does not exist would allow nothing, in silence. */
static int check_kind(const char *glob, char *error, size_t error_size)
{
    const char *names[FDT_KIND_COUNT + 1] = {NULL};
    size_t count = 0;
    for (unsigned kind = FDT_UNASKED + 1; kind < FDT_KIND_COUNT; kind++) {
        names[count] = kind_name((enum fdt_kind)kind);
        if (fnmatch(glob, names[count++], 0) == 0)
            return 0;
    }
    const char *near = closest_word(glob, names);
    snprintf(error, error_size,
             near != NULL ? "--allow wants KIND:NAME; no kind is called '%s'; did you mean '%s'?"
                          : "--allow wants KIND:NAME, as in file:/run/*.lock; no kind is called '%s'",
             glob, near);
    return -EINVAL;
}

static int add_one(struct allowances *list, const char *text, size_t length, char *error, size_t error_size)
{
    char *kind = strndup(text, length), *colon = kind != NULL ? strchr(kind, ':') : NULL;
    char *name = strdup(colon != NULL ? colon + 1 : "*");
    if (colon != NULL)
        *colon = '\0';
    int result = -ENOMEM;
    if (kind != NULL && name != NULL && array_grow(&list->items, list->count, sizeof(*list->items)))
        result = check_kind(kind, error, error_size);
    else
        snprintf(error, error_size, "out of memory");
    if (result == 0) {
        list->items[list->count++] = (struct allowance){kind, name};
        return 0;
    }
    free(kind);
    free(name);
    return result;
}

int allow_add(struct allowances *list, const char *text, char *error, size_t error_size)
{
    int result = 0;
    while (*text != '\0' && result == 0) {
        size_t length = strcspn(text, ",");
        result = add_one(list, text, length, error, error_size);
        text += length + (text[length] == ',');
    }
    return result;
}

void allow_free(struct allowances *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].kind);
        free(list->items[i].name);
    }
    free(list->items);
    *list = (struct allowances){0};
}

static bool fits(const char *kind, const char *name, const struct descriptor *descriptor)
{
    char path[PATH_MAX];
    return fnmatch(kind, kind_name(descriptor->kind), 0) == 0 &&
           (fnmatch(name, descriptor_name(descriptor), 0) == 0 ||
            (descriptor_path(descriptor, path, sizeof(path)) && fnmatch(name, path, 0) == 0));
}

/* used: which of our own list's entries have excused one of this image's already. */
static bool is_allowed(const struct allowances *list, const struct descriptor *descriptor, bool used[BUILTINS],
                       bool builtin)
{
    for (size_t i = 0; i < list->count; i++)
        if (fits(list->items[i].kind, list->items[i].name, descriptor))
            return true;
    for (size_t i = 0; builtin && i < BUILTINS; i++)
        if (!used[i] && fits(builtins[i].kind, builtins[i].name, descriptor))
            return used[i] = true;
    return false;
}

void allow_apply(const struct allowances *list, bool builtin, struct model *model)
{
    for (size_t i = 0; i < model->image_count; i++) {
        struct image *image = &model->images[i];
        bool used[BUILTINS] = {false};
        for (size_t j = 0; j < image->open_count; j++) {
            struct descriptor *descriptor = &image->open[j];
            if (descriptor->fd <= 2 || (descriptor->state & (FDT_INHERITED | FDT_IGNORED | FDT_HIDDEN)) != 0 ||
                !is_allowed(list, descriptor, used, builtin))
                continue;
            descriptor->state |= FDT_IGNORED;
            image->segment->slots[descriptor->fd].state |= FDT_IGNORED;
        }
    }
}
