/* Walking argv by tables, "did you mean", and FDTRACE_OPTIONS. See options.h. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 64, ENVIRONMENT_TEXT_MOST = 511 /* as the library has it */ };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, in one row. Words are short; longer ones are never near. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], width = strlen(b);
    if (width > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[width];
}

const char *closest_word(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    size_t nearest = strlen(word) / 3 + 1; /* a third of the letters may be wrong, and one more */
    for (; *candidates != NULL; candidates++) {
        size_t distance = edit_distance(word, *candidates);
        if (distance <= nearest && (best == NULL || distance < nearest)) {
            best = *candidates;
            nearest = distance;
        }
    }
    return best;
}

static const char *closest_option(const struct option_reader *reader, const char *name)
{
    const char *names[128] = {"help"};
    size_t count = 1;
    for (const struct command_option *const *table = reader->tables; *table != NULL; table++)
        for (const struct command_option *option = *table; option->name != NULL && count < 127; option++)
            names[count++] = option->name;
    return closest_word(name, names);
}

static const struct command_option *find(const struct option_reader *reader, const char *name, size_t length,
                                         char letter)
{
    for (const struct command_option *const *table = reader->tables; *table != NULL; table++)
        for (const struct command_option *option = *table; option->name != NULL; option++)
            if (letter != '\0' ? option->letter == letter
                               : strlen(option->name) == length && memcmp(option->name, name, length) == 0)
                return option;
    return NULL;
}

/* The option's argument: attached (may be NULL), or the next element of argv. */
static int take(struct option_reader *reader, const struct command_option *option, const char *attached)
{
    reader->value = attached;
    if (option->argument == NULL || attached != NULL)
        return option->id;
    if (reader->index >= reader->argc) {
        snprintf(reader->error, sizeof(reader->error), "--%s needs a value: --%s=%s", option->name, option->name,
                 option->argument);
        return OPTION_ERROR;
    }
    reader->value = reader->argv[reader->index++];
    return option->id;
}

static int read_long(struct option_reader *reader, const char *name)
{
    size_t length = strcspn(name, "=");
    const char *attached = name[length] == '=' ? name + length + 1 : NULL;
    if (strcmp(name, "help") == 0)
        return OPTION_HELP;
    const struct command_option *option = find(reader, name, length, '\0');
    if (option == NULL) {
        char word[WORD_MAX];
        snprintf(word, sizeof(word), "%.*s", (int)least(length, WORD_MAX), name);
        const char *near = closest_option(reader, word);
        snprintf(reader->error, sizeof(reader->error), near != NULL ? "unknown option --%s; did you mean --%s?"
                                                                   : "unknown option --%s", word, near);
        return OPTION_ERROR;
    }
    if (option->argument == NULL && attached != NULL) {
        snprintf(reader->error, sizeof(reader->error), "--%s takes no value", option->name);
        return OPTION_ERROR;
    }
    return take(reader, option, attached);
}

static int read_letter(struct option_reader *reader)
{
    char letter = *reader->cluster++;
    const char *rest = *reader->cluster != '\0' ? reader->cluster : NULL;
    const struct command_option *option = letter == 'h' ? NULL : find(reader, NULL, 0, letter);
    if (option == NULL || option->argument != NULL || rest == NULL)
        reader->cluster = NULL;
    if (letter == 'h')
        return OPTION_HELP;
    if (option == NULL) {
        snprintf(reader->error, sizeof(reader->error), "unknown option -%c", letter);
        return OPTION_ERROR;
    }
    return take(reader, option, option->argument != NULL ? rest : NULL);
}

int option_next(struct option_reader *reader)
{
    if (reader->cluster != NULL)
        return read_letter(reader);
    if (reader->index >= reader->argc)
        return OPTION_END;
    const char *word = reader->argv[reader->index++];
    if (!reader->only_operands && strcmp(word, "--") == 0) {
        reader->only_operands = true;
        return option_next(reader);
    }
    if (!reader->only_operands && strncmp(word, "--", 2) == 0)
        return read_long(reader, word + 2);
    if (!reader->only_operands && word[0] == '-' && word[1] != '\0') {
        reader->cluster = word + 1;
        return read_letter(reader);
    }
    reader->value = word;
    return OPTION_OPERAND;
}

/* FDTRACE_OPTIONS */

enum environment_type { TYPE_TEXT, TYPE_NUMBER, TYPE_FLAG };

static const struct environment_option {
    const char *key, *standard;
    enum environment_type type;
    size_t offset;
} environment_table[] = {
#define FDT_OPTION(key, type, standard, help) {#key, standard, TYPE_##type, offsetof(struct environment_options, key)},
#include "fdtrace/options.def"
#undef FDT_OPTION
};
#define ENVIRONMENT_COUNT (sizeof(environment_table) / sizeof(environment_table[0]))

/* Numbers as the library reads them (preload/option.c): nothing but digits. */
static bool read_number(const char *text, size_t length, uint64_t *number)
{
    uint64_t sum = 0;
    if (length == 0 || length > 18)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(text[i] - '0');
    }
    *number = sum;
    return true;
}

/* A value the library would not take is none here either. */
static int assign(struct environment_options *options, const struct environment_option *option, const char *value,
                  size_t length)
{
    void *field = (char *)options + option->offset;
    uint64_t number;
    if (option->type == TYPE_TEXT) {
        char *copy = length <= ENVIRONMENT_TEXT_MOST ? strndup(value, length) : NULL;
        if (copy == NULL)
            return length <= ENVIRONMENT_TEXT_MOST ? -ENOMEM : 0;
        free(*(char **)field);
        *(char **)field = copy;
    } else if (read_number(value, length, &number)) {
        if (option->type == TYPE_NUMBER)
            *(uint64_t *)field = number;
        else if (number <= 1)
            *(bool *)field = number == 1;
    }
    return 0;
}

/* One key=value; a value in quotes may hold colons. Returns where the next begins, NULL when out of memory. */
static const char *read_pair(struct environment_options *options, const char *text)
{
    size_t key_length = strcspn(text, "=:");
    const char *value = text + key_length + (text[key_length] == '='), *next;
    size_t length;
    if (*value == '\'' || *value == '"') {
        const char *end = strchr(value + 1, *value);
        length = end != NULL ? (size_t)(end - value - 1) : strlen(value + 1);
        next = end != NULL ? end + 1 : value + 1 + length;
        value++;
    } else {
        length = strcspn(value, ":");
        next = value + length;
    }
    for (size_t i = 0; i < ENVIRONMENT_COUNT; i++) {
        const struct environment_option *option = &environment_table[i];
        if (strlen(option->key) == key_length && memcmp(option->key, text, key_length) == 0 &&
            assign(options, option, value, length) < 0)
            return NULL;
    }
    return next + (*next == ':');
}

int environment_options_read(struct environment_options *options, const char *text)
{
    memset(options, 0, sizeof(*options));
    for (size_t i = 0; i < ENVIRONMENT_COUNT; i++) {
        const struct environment_option *option = &environment_table[i];
        if (assign(options, option, option->standard, strlen(option->standard)) < 0)
            goto out_of_memory;
    }
    while (text != NULL && *text != '\0')
        if ((text = read_pair(options, text)) == NULL)
            goto out_of_memory;
    return 0;

out_of_memory:
    environment_options_free(options);
    return -ENOMEM;
}

void environment_options_free(struct environment_options *options)
{
    for (size_t i = 0; i < ENVIRONMENT_COUNT; i++) {
        if (environment_table[i].type != TYPE_TEXT)
            continue;
        char **field = (char **)((char *)options + environment_table[i].offset);
        free(*field);
        *field = NULL;
    }
}
