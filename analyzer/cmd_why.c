/* fdtrace why: who else holds what a descriptor leads to, and how each came by it. */
#include "command.h"
#include "why.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { ID_FORMAT = 1 };

static const struct command_option own_options[] = {
    {"format", 0, ID_FORMAT, "FORMAT", "text or json"},
    {NULL, 0, 0, NULL, NULL},
};
static const struct command_option *const option_tables[] = {own_options, NULL};

struct arguments {
    int numbers[2], count;      /* process, descriptor */
    bool json;
};

static int read_number(const struct command *command, const char *text, struct arguments *arguments)
{
    static const char *const names[] = {"process", "descriptor"};
    char *end;
    if (arguments->count == 2)
        return command_usage_error(command, "one process and one descriptor, and no '%s'", text);
    errno = 0;
    long number = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno == ERANGE || number > INT_MAX)
        return command_usage_error(command, "'%s' is not the number of a %s", text, names[arguments->count]);
    arguments->numbers[arguments->count++] = (int)number;
    return 0;
}

static int read_format(const struct command *command, const char *value, bool *json)
{
    *json = strcmp(value, "json") == 0;
    if (*json || strcmp(value, "text") == 0)
        return 0;
    return command_usage_error(command, "--format=%s: the formats are text and json", value);
}

/* -1 to go on, else the exit status. */
static int read_arguments(const struct command *command, int argc, char **argv, struct arguments *arguments)
{
    struct option_reader reader = {.argc = argc, .argv = argv, .tables = option_tables, .index = 1};
    for (int id; (id = option_next(&reader)) != OPTION_END;) {
        int status = 0;
        if (id == OPTION_HELP)
            return command_help(command);
        if (id == OPTION_ERROR)
            return command_usage_error(command, "%s", reader.error);
        if (id == OPTION_OPERAND)
            status = read_number(command, reader.value, arguments);
        else if (id == ID_FORMAT)
            status = read_format(command, reader.value, &arguments->json);
        if (status != 0)
            return status;
    }
    return arguments->count == 2 ? -1 : command_usage_error(command, "a process and a descriptor, as in: fdtrace why 4711 3");
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.count = 0};
    struct why why;
    char error[1024];
    int status = read_arguments(command, argc, argv, &arguments), result = 0;
    if (status >= 0)
        return status;
    if (why_read(&why, arguments.numbers[0], arguments.numbers[1], error, sizeof(error)) < 0)
        return command_error(command, "%s", error);
    if (arguments.json)
        result = why_write_json(stdout, &why);
    else
        why_write_text(stdout, &why);
    why_free(&why);
    if (result < 0)
        return command_error(command, "out of memory while writing");
    if (fflush(stdout) != 0 || ferror(stdout))
        return command_error(command, "cannot write to standard output: %s", strerror(errno));
    return EXIT_SUCCESS;
}

const struct command command_why = {
    .name = "why",
    .usage = "[OPTIONS] PID FD",
    .summary = "tell who else holds what a descriptor leads to, and what keeps it open",
    .options = option_tables,
    .run = run,
};
