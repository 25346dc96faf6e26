/* FDTRACE_OPTIONS: key=value:key=value, in the sanitizers' manner; a value may be quoted to hold a colon. */
#include "option.h"

#include "say.h"

#include <string.h>

struct options options;

enum option_type { OPTION_TEXT, OPTION_NUMBER, OPTION_FLAG };

static const struct option {
    const char *key, *standard, *help;
    enum option_type type;
    void *value;
} table[] = {
#define FDT_OPTION(key, type, standard, help) {#key, standard, help, OPTION_##type, &options.key},
#include "fdtrace/options.def"
#undef FDT_OPTION
};
#define OPTION_COUNT (sizeof(table) / sizeof(table[0]))

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

static bool assign(const struct option *option, const char *text, size_t length)
{
    uint64_t number = 0;
    switch (option->type) {
    case OPTION_TEXT:
        if (length >= OPTION_TEXT_SIZE)
            return false;
        memcpy(option->value, text, length);
        ((char *)option->value)[length] = '\0';
        return true;
    case OPTION_NUMBER:
        return read_number(text, length, (uint64_t *)option->value);
    case OPTION_FLAG:
        if (!read_number(text, length, &number) || number > 1)
            return false;
        *(bool *)option->value = number != 0;
        return true;
    }
    return false;
}

static const struct option *find(const char *key, size_t length)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strlen(table[i].key) == length && memcmp(table[i].key, key, length) == 0)
            return &table[i];
    return NULL;
}

static void print_help(void)
{
    say("FDTRACE_OPTIONS=key=value:key=value", NULL);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        say("  ", table[i].key, "=", table[i].standard, "  ", table[i].help, NULL);
}

/* As far as end, or the colon after which the next option begins. */
static size_t length_to(const char *text, char end)
{
    size_t length = 0;
    while (text[length] != '\0' && text[length] != ':' && text[length] != end)
        length++;
    return length;
}

/* Reads one key=value at text and returns where the next begins. */
static const char *read_one(const char *text)
{
    const char *key = text;
    size_t key_length = length_to(key, '=');
    const char *value = key + key_length + (key[key_length] == '=');
    size_t length;
    const char *next;
    if (*value == '\'' || *value == '"') {
        const char *end = strchr(value + 1, *value);
        length = end != NULL ? (size_t)(end - value - 1) : strlen(value + 1);
        next = end != NULL ? end + 1 : value + 1 + length;
        value++;
    } else {
        length = length_to(value, ':');
        next = value + length;
    }
    const struct option *option = find(key, key_length);
    char shown[64] = "";
    memcpy(shown, key, key_length < sizeof(shown) ? key_length : sizeof(shown) - 1);
    if (option == NULL)
        say("FDTRACE_OPTIONS: no option is called '", shown, "'; it is ignored (help=1 lists them)", NULL);
    else if (!assign(option, value, length))
        say("FDTRACE_OPTIONS: '", shown, "' does not take that value; the default '", option->standard, "' is used", NULL);
    return next + (*next == ':');
}

void options_read(const char *text)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        assign(&table[i], table[i].standard, strlen(table[i].standard));
    while (text != NULL && *text != '\0')
        text = read_one(text);
    if (options.help)
        print_help();
}
