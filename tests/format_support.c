/* See format_support.h. */
#include "format_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Output of a program that must succeed, malloc'd. */
static char *output_of(const char *const *argv)
{
    struct outcome outcome = run(&(struct run){.argv = argv});
    cr_assert_eq(outcome_code(&outcome), 0, "%s: %s%s", argv[0], outcome.out, outcome.err);
    free(outcome.err);
    return outcome.out;
}

json_t *format_parse(const char *written)
{
    json_error_t error;
    json_t *value = json_loads(written, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(value, "%s at byte %d of %s", error.text, error.position, written);
    return value;
}

const json_t *format_at(const json_t *value, const char *path)
{
    char *copy = strdup(path), *rest = NULL;
    for (char *step = strtok_r(copy, "/", &rest); step != NULL; step = strtok_r(NULL, "/", &rest)) {
        value = json_is_array(value) ? json_array_get(value, (size_t)atoi(step)) : json_object_get(value, step);
        cr_assert_not_null(value, "no %s of %s", step, path);
    }
    free(copy);
    return value;
}

const char *format_text_at(const json_t *value, const char *path)
{
    const char *string = json_string_value(format_at(value, path));
    cr_assert_not_null(string, "%s is no string", path);
    return string;
}

long format_number_at(const json_t *value, const char *path)
{
    cr_assert(json_is_integer(format_at(value, path)), "%s is no number", path);
    return (long)json_integer_value(format_at(value, path));
}

/* What xmllint finds at an XPath in the file, without the newline at its end; malloc'd. */
static char *xpath(const char *path, const char *expression)
{
    char *found = output_of((const char *const[]){"xmllint", "--nonet", "--xpath", expression, path, NULL});
    found[strcspn(found, "\n")] = '\0';
    return found;
}

void format_expect_xpath(const char *path, const char *expression, const char *expected)
{
    char *found = xpath(path, expression);
    cr_expect_str_eq(found, expected, "%s is '%s', not '%s'", expression, found, expected);
    free(found);
}

static void decode(char *text, bool property)
{
    static const struct { const char *code; char byte; bool data; } codes[] = {
        {"%0D", '\r', true}, {"%0A", '\n', true}, {"%3A", ':', false}, {"%2C", ',', false}, {"%25", '%', true}};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (!property && !codes[i].data)
            continue;
        for (char *found = text; (found = strstr(found, codes[i].code)) != NULL; found++) {
            *found = codes[i].byte;
            memmove(found + 1, found + 3, strlen(found + 3) + 1);
        }
    }
}

bool format_read_command(const char *line, struct format_command *command)
{
    line += strspn(line, " \t");
    const char *end = strncmp(line, "::", 2) == 0 ? strstr(line + 2, "::") : NULL;
    *command = (struct format_command){.data = NULL};
    if (end == NULL)
        return false;
    char *head = strndup(line + 2, (size_t)(end - line - 2)), *rest = NULL;
    command->data = strdup(end + 2);
    decode(command->data, false);
    snprintf(command->level, sizeof(command->level), "%.*s", (int)strcspn(head, " "), head);
    char *pair = strtok_r(head + strcspn(head, " "), ",", &rest);
    for (; pair != NULL; pair = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(pair, '=');
        cr_assert_not_null(value, "'%s' is no property", pair);
        *value++ = '\0';
        decode(value, true);
        pair += strspn(pair, " ");
        if (strcmp(pair, "file") == 0)
            snprintf(command->file, sizeof(command->file), "%s", value);
        else if (strcmp(pair, "line") == 0)
            snprintf(command->line, sizeof(command->line), "%s", value);
        else if (strcmp(pair, "title") == 0)
            snprintf(command->title, sizeof(command->title), "%s", value);
        else
            cr_assert_fail("unknown property %s", pair);
    }
    free(head);
    return true;
}

size_t format_count_commands(const char *written, const char *level)
{
    char *copy = strdup(written), *rest = NULL;
    size_t count = 0;
    for (char *line = strtok_r(copy, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest)) {
        struct format_command command;
        if (format_read_command(line, &command) && (level == NULL || strcmp(command.level, level) == 0))
            count++;
        free(command.data);
    }
    free(copy);
    return count;
}

char *format_read_file(const char *path)
{
    char *content = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file, "%s: %s", path, strerror(errno));
    ssize_t length = getdelim(&content, &room, '\0', file);
    fclose(file);
    cr_assert_geq(length, 0, "%s is empty", path);
    return content;
}

json_t *format_csv_rows(const char *path)
{
    static const char code[] = "import csv, json, sys\n"
                               "with open(sys.argv[1], newline='', encoding='utf-8') as file:\n"
                               "    print(json.dumps(list(csv.DictReader(file, strict=True))))\n";
    char *rows = output_of((const char *const[]){"python3", "-c", code, path, NULL});
    json_t *value = format_parse(rows);
    free(rows);
    return value;
}
