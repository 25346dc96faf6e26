/* fdtrace report: tells, after the fact, what recordings say. */
#include "command.h"
#include "report.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

static const struct command_option *const option_tables[] = {report_option_table, NULL};

/* A bare `fdtrace report` most likely wants the latest session: name those there are. */
static int no_operand(const struct command *command)
{
    char *candidates = session_candidates();
    int status = candidates != NULL && *candidates != '\0'
                     ? command_error(command, "which session? There are: %s", candidates)
                     : command_usage_error(command, "a session folder or a segment file is missing");
    free(candidates);
    return status;
}

static int report(const struct command *command, const struct report_options *options, const char *const *paths,
                  size_t count)
{
    struct report_result result;
    if (report_session(paths, count, options, &result) < 0)
        return command_error(command, "%s", result.error);
    return report_exit_status(options, &result, EXIT_SUCCESS);
}

/* Reads argv; paths collects the operands. 0 to go on, else the exit status is in *status. */
static bool read_arguments(const struct command *command, int argc, char **argv, struct report_options *options,
                           const char **paths, size_t *count, int *status)
{
    struct option_reader reader = {.argc = argc, .argv = argv, .tables = option_tables, .index = 1};
    for (int id; (id = option_next(&reader)) != OPTION_END;) {
        if (id == OPTION_HELP)
            *status = command_help(command);
        else if (id == OPTION_ERROR)
            *status = command_usage_error(command, "%s", reader.error);
        else if (id == OPTION_OPERAND)
            paths[(*count)++] = reader.value;
        else if (report_option(options, id, reader.value) < 0)
            *status = command_usage_error(command, "%s", options->error);
        if (*status >= 0)
            return false;
    }
    return true;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct report_options options;
    int status = -1;
    size_t count = 0;
    const char **paths = calloc((size_t)argc + 1, sizeof(*paths));
    if (paths == NULL)
        return command_error(command, "out of memory");
    if (report_options_init(&options, stdout) < 0)
        status = command_error(command, "%s", options.error);
    else if (read_arguments(command, argc, argv, &options, paths, &count, &status))
        status = count > 0 ? report(command, &options, paths, count) : no_operand(command);
    report_options_free(&options);
    free(paths);
    return status;
}

const struct command command_report = {
    .name = "report",
    .usage = "[OPTIONS] SESSION|SEGMENT...",
    .summary = "tell what recordings say, also after the program was killed",
    .options = option_tables,
    .run = run,
};
