/* Reading suppressions: blocks, lines, and what is wrong with them. For applying, suppress_apply.c. See suppress.h. */
#include "suppress.h"

#include "array.h"
#include "options.h"
#include "rule.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FILE_SIZE_MOST = 1 << 24 };

/* A text being read. */
struct reader {
    struct suppressions *list;
    const char *source;
    unsigned line;
    bool embedded;
    bool in_block; /* the last item is a block and may go on */
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3)))
static int refuse(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    int length = snprintf(reader->error, reader->error_size, "%s:%u: ", reader->source, reader->line);
    if (length < 0 || (size_t)length >= reader->error_size)
        return -EINVAL;
    va_start(arguments, format);
    vsnprintf(reader->error + length, reader->error_size - (size_t)length, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static int out_of_memory(struct reader *reader)
{
    refuse(reader, "out of memory");
    return -ENOMEM;
}

/* --- what a value must be --- */

/* A glob that can match no rule is a mistake: the suppression would never do anything. */
static int check_rule(struct reader *reader, const char *glob)
{
    const char *names[64] = {NULL};
    size_t count = 0;
    for (const struct rule *rule = rules; rule->id != NULL && count < 63; rule++) {
        if (fnmatch(glob, rule->id, 0) == 0)
            return 0;
        names[count++] = rule->id;
    }
    const char *near = closest_word(glob, names);
    return near != NULL ? refuse(reader, "no rule is called '%s'; did you mean '%s'?", glob, near)
                        : refuse(reader, "no rule is called '%s'", glob);
}

static int check_kind(struct reader *reader, const char *glob)
{
    const char *names[FDT_KIND_COUNT + 1] = {NULL};
    size_t count = 0;
    for (unsigned kind = FDT_UNASKED + 1; kind < FDT_KIND_COUNT; kind++) {
        names[count] = kind_name((enum fdt_kind)kind);
        if (fnmatch(glob, names[count++], 0) == 0)
            return 0;
    }
    const char *near = closest_word(glob, names);
    return near != NULL ? refuse(reader, "no kind is called '%s'; did you mean '%s'?", glob, near)
                        : refuse(reader, "no kind is called '%s'", glob);
}

static int check_date(struct reader *reader, const char *text)
{
    struct tm day = {0}, same;
    const char *end = strlen(text) == 10 ? strptime(text, "%Y-%m-%d", &day) : NULL;
    same = day;
    /* timegm puts a day right that is none, as in 2031-02-30 */
    if (end == NULL || *end != '\0' || timegm(&same) == -1 || same.tm_mday != day.tm_mday)
        return refuse(reader, "expires= wants a day, YYYY-MM-DD, not '%s'", text);
    return 0;
}

static int read_max(struct reader *reader, struct suppression *item, const char *text)
{
    char *end;
    errno = 0;
    item->max = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return refuse(reader, "max= wants a number, not '%s'", text);
    item->limited = true;
    return 0;
}

/* --- blocks --- */

static struct suppression *begin_item(struct reader *reader, const char *name)
{
    struct suppressions *list = reader->list;
    char *copy = strdup(name), *source = strdup(reader->source);
    if (copy == NULL || source == NULL || !array_grow(&list->items, list->count, sizeof(*list->items))) {
        free(copy);
        free(source);
        return NULL;
    }
    struct suppression *item = &list->items[list->count++];
    *item = (struct suppression){.name = copy, .source = source, .line = reader->line, .embedded = reader->embedded};
    return item;
}

/* A block that says nothing of what it is about would silence everything. */
static int end_block(struct reader *reader)
{
    if (!reader->in_block)
        return 0;
    const struct suppression *item = &reader->list->items[reader->list->count - 1];
    reader->in_block = false;
    if (item->rule != NULL || item->frames != NULL || item->kind != NULL || item->object != NULL ||
        item->program != NULL)
        return 0;
    reader->line = item->line;
    return refuse(reader, "[%s] fits everything; it wants a rule=, frames=, kind=, name= or program=", item->name);
}

static int read_header(struct reader *reader, char *text)
{
    char *end = strrchr(text, ']');
    int result = end_block(reader);
    if (result < 0)
        return result;
    if (end == NULL || end[1] != '\0' || end == text + 1)
        return refuse(reader, "a block begins with [NAME], not '%s'", text);
    *end = '\0';
    reader->in_block = true;
    return begin_item(reader, text + 1) != NULL ? 0 : out_of_memory(reader);
}

static int assign(struct reader *reader, char **field, const char *key, const char *value)
{
    if (*field != NULL)
        return refuse(reader, "%s= stands twice in one block", key);
    if (*value == '\0')
        return refuse(reader, "%s= wants a value", key);
    *field = strdup(value);
    return *field != NULL ? 0 : out_of_memory(reader);
}

static const char *const keys[] = {"rule", "frames", "kind", "name", "program", "max", "expires", "reason", NULL};

static int read_pair(struct reader *reader, const char *key, const char *value)
{
    struct suppression *item = &reader->list->items[reader->list->count - 1];
    char **const fields[] = {&item->rule,    &item->frames, &item->kind,    &item->object,
                             &item->program, NULL,          &item->expires, &item->reason};
    size_t index = 0;
    while (keys[index] != NULL && strcmp(keys[index], key) != 0)
        index++;
    if (keys[index] == NULL) {
        const char *near = closest_word(key, keys);
        return near != NULL ? refuse(reader, "unknown key '%s'; did you mean '%s='?", key, near)
                            : refuse(reader,
                                     "unknown key '%s'; there are rule, frames, kind, name, program, max, "
                                     "expires and reason",
                                     key);
    }
    if (fields[index] == NULL)
        return item->limited ? refuse(reader, "max= stands twice in one block") : read_max(reader, item, value);
    int result = assign(reader, fields[index], key, value);
    if (result == 0 && fields[index] == &item->rule)
        result = check_rule(reader, value);
    else if (result == 0 && fields[index] == &item->kind)
        result = check_kind(reader, value);
    else if (result == 0 && fields[index] == &item->expires)
        result = check_date(reader, value);
    return result;
}

/* RULE:GLOB */
static int read_one_liner(struct reader *reader, char *text, char *colon)
{
    int result = end_block(reader);
    if (result < 0)
        return result;
    struct suppression *item = begin_item(reader, text);
    if (item == NULL)
        return out_of_memory(reader);
    *colon = '\0';
    if ((result = assign(reader, &item->rule, "RULE", text)) < 0 || (result = check_rule(reader, text)) < 0)
        return result;
    item->anywhere = true;
    return colon[1] != '\0' ? assign(reader, &item->frames, "GLOB", colon + 1)
                            : refuse(reader, "RULE:GLOB wants a glob of a function, file or module");
}

/* --- lines --- */

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

static int read_line(struct reader *reader, char *text)
{
    text = trim(text);
    if (*text == '\0' || *text == '#')
        return 0;
    if (*text == '[')
        return read_header(reader, text);
    char *equals = strchr(text, '='), *colon = strchr(text, ':');
    if (colon != NULL && (equals == NULL || colon < equals))
        return read_one_liner(reader, text, colon);
    if (equals == NULL)
        return refuse(reader, "this is neither [NAME] nor key=value nor RULE:GLOB: '%s'", text);
    if (!reader->in_block)
        return refuse(reader, "key=value stands in a block; begin one with a line [NAME]");
    *equals = '\0';
    return read_pair(reader, trim(text), trim(equals + 1));
}

int suppressions_read(struct suppressions *list, const char *text, const char *source, bool embedded, char *error,
                      size_t error_size)
{
    struct reader reader = {
        .list = list, .source = source, .embedded = embedded, .error = error, .error_size = error_size};
    int result = 0;
    while (*text != '\0' && result == 0) {
        size_t length = strcspn(text, "\n");
        char *line = strndup(text, length);
        reader.line++;
        result = line != NULL ? read_line(&reader, line) : out_of_memory(&reader);
        free(line);
        text += length + (text[length] == '\n');
    }
    return result < 0 ? result : end_block(&reader);
}

int suppressions_read_file(struct suppressions *list, const char *path, char *error, size_t error_size)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;
    if (file == NULL) {
        int code = -errno;
        snprintf(error, error_size, "cannot read the suppressions %s: %s", path, strerror(-code));
        return code;
    }
    errno = 0;
    ssize_t length = getdelim(&text, &size, '\0', file); /* all of it: a text has no NUL */
    bool whole = length < FILE_SIZE_MOST && (feof(file) != 0 && ferror(file) == 0);
    int code = errno != 0 ? -errno : -EINVAL;
    fclose(file);
    if (whole)
        code = length > 0 ? suppressions_read(list, text, path, false, error, error_size) : 0;
    else
        snprintf(error, error_size, "cannot read the suppressions %s: %s", path,
                 code != -EINVAL ? strerror(-code) : "it is no text, or more than 16 MiB");
    free(text);
    return code;
}

void suppressions_cut(struct suppressions *list, size_t count)
{
    while (list->count > count) {
        struct suppression *item = &list->items[--list->count];
        char *const strings[] = {item->name,   item->source,  item->rule,   item->frames, item->kind,
                                 item->object, item->program, item->reason, item->expires};
        for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
            free(strings[i]);
    }
}

void suppressions_free(struct suppressions *list)
{
    suppressions_cut(list, 0);
    free(list->items);
    *list = (struct suppressions){0};
}

const char *suppression_state_name(enum suppression_state state)
{
    static const char *const names[] = {"unused", "used", "expired", "exceeded"};
    return names[state];
}
