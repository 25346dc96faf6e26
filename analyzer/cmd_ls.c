/* fdtrace ls: the descriptors of a running process, compared with its trace where it has one. */
#include "command.h"
#include "ls/ls.h"
#include "report.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ID_FORMAT = 1, ID_COLUMNS, ID_COLOR };

static const struct command_option own_options[] = {
    {"format", 0, ID_FORMAT, "FORMAT", "text or json"},
    {"columns", 0, ID_COLUMNS, "NAME,...", "what text shows of each descriptor; see below (JSON has it all)"},
    {"color", 0, ID_COLOR, "WHEN", "auto, always or never"},
    {NULL, 0, 0, NULL, NULL},
};

static const struct command_option *const option_tables[] = {own_options, NULL};

struct arguments {
    int pid;                /* 0: not given */
    bool json;
    enum report_color color;
    const char *columns;    /* NULL: the usual ones */
};

/* The options, and from the same tables as the output: columns and tags. */
static int help(const struct command *command)
{
    command_help(command);
    printf("\nColumns (* shown without --columns, + for traced processes only) and their fields in JSON:\n");
    for (const struct ls_column *column = ls_columns; column->heading != NULL; column++)
        printf("  %-8s %c  %-8s  %s\n", column->heading,
               column->shown == LS_ALWAYS ? '*' : column->shown == LS_TRACED ? '+' : ' ', column->field, column->help);
    printf("\nWhat STATE can be:\n");
    for (int tag = 0; tag < LS_TAG_COUNT; tag++)
        printf("  %-10s  %s\n", ls_tag_name((enum ls_tag)tag), ls_tag_meaning((enum ls_tag)tag));
    return EXIT_SUCCESS;
}

static int read_pid(const struct command *command, const char *text, int *pid)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0')
        return command_usage_error(command, "'%s' is not the number of a process", text);
    if (errno == ERANGE || number > INT_MAX || number <= 0)
        return command_error(command, "there is no process %s", text);
    if (*pid != 0)
        return command_usage_error(command, "one process at a time: %d and %s were given", *pid, text);
    *pid = (int)number;
    return 0;
}

static int read_format(const struct command *command, const char *value, bool *json)
{
    *json = strcmp(value, "json") == 0;
    if (*json || strcmp(value, "text") == 0)
        return 0;
    return command_usage_error(command, "--format=%s: the formats are text and json", value);
}

static int read_color(const struct command *command, const char *value, enum report_color *color)
{
    static const char *const names[] = {[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(value, names[i]) == 0) {
            *color = (enum report_color)i;
            return 0;
        }
    return command_usage_error(command, "--color=%s: say auto, always or never", value);
}

static int read_columns(const struct command *command, const char *value, const char **columns)
{
    const struct ls_column *chosen[LS_COLUMNS_MAX];
    char error[128];
    *columns = value;
    if (ls_choose_columns(chosen, value, true, error, sizeof(error)) == 0)
        return 0;
    return command_usage_error(command, "--columns: %s", error);
}

/* -1 to go on, else the exit status. */
static int read_arguments(const struct command *command, int argc, char **argv, struct arguments *arguments)
{
    struct option_reader reader = {.argc = argc, .argv = argv, .tables = option_tables, .index = 1};
    for (int id; (id = option_next(&reader)) != OPTION_END;) {
        int status = 0;
        switch (id) {
        case OPTION_HELP:    return help(command);
        case OPTION_ERROR:   return command_usage_error(command, "%s", reader.error);
        case OPTION_OPERAND: status = read_pid(command, reader.value, &arguments->pid); break;
        case ID_FORMAT:      status = read_format(command, reader.value, &arguments->json); break;
        case ID_COLOR:       status = read_color(command, reader.value, &arguments->color); break;
        case ID_COLUMNS:     status = read_columns(command, reader.value, &arguments->columns); break;
        }
        if (status != 0)
            return status;
    }
    return arguments->pid != 0 ? -1 : command_usage_error(command, "the number of a process is missing");
}

static bool wants_color(enum report_color color)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (color != COLOR_AUTO)
        return color == COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || *no_color == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

static int list(const struct command *command, const struct arguments *arguments)
{
    const struct ls_column *columns[LS_COLUMNS_MAX];
    struct ls_view view;
    char error[1024];
    if (ls_read(&view, arguments->pid, error, sizeof(error)) < 0)
        return command_error(command, "%s", error);
    int result = 0;
    if (arguments->json)
        result = ls_write_json(stdout, &view);
    else if (ls_choose_columns(columns, arguments->columns, view.image != NULL, error, sizeof(error)) == 0)
        ls_write_text(stdout, &view, columns, wants_color(arguments->color));
    ls_free(&view);
    if (result < 0)
        return command_error(command, "out of memory while writing the list");
    if (fflush(stdout) != 0 || ferror(stdout))
        return command_error(command, "cannot write to standard output: %s", strerror(errno));
    return EXIT_SUCCESS;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {.color = COLOR_AUTO};
    int status = read_arguments(command, argc, argv, &arguments);
    return status >= 0 ? status : list(command, &arguments);
}

const struct command command_ls = {
    .name = "ls",
    .usage = "[OPTIONS] PID",
    .summary = "list the descriptors of a running process, and say where trace and kernel disagree",
    .options = option_tables,
    .run = run,
};
