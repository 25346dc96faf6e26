/* Options, loading, judging, printing, exit status. See report.h. */
#include "report.h"

#include "command.h"
#include "finding.h"
#include "out/writer.h"
#include "rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct writer *const writers[] = {&writer_text, &writer_json, NULL};

enum {
    OPTION_FORMAT = REPORT_OPTION_FIRST,
    OPTION_OUTPUT,
    OPTION_FAIL_ON,
    OPTION_EXITCODE,
    OPTION_REQUIRE_TRACED,
    OPTION_SHOW,
    OPTION_REPORT,
    OPTION_COLOR
};
enum { EXITCODE_STANDARD = 99 };

const struct command_option report_option_table[] = {
    {"format", 0, OPTION_FORMAT, "FORMAT", "text or json"},
    {"output", 'o', OPTION_OUTPUT, "FORMAT:FILE", "write the report to FILE (- is standard output); repeatable"},
    {"fail-on", 0, OPTION_FAIL_ON, "RULE|SEVERITY[,...]", "exit with --error-exitcode when one of these was found"},
    {"error-exitcode", 0, OPTION_EXITCODE, "N", "exit status for --fail-on (default 99)"},
    {"require-traced", 0, OPTION_REQUIRE_TRACED, NULL, "exit with 3 when an image could not be traced"},
    {"show", 0, OPTION_SHOW, "note", "list notes in the text, too, not only their number"},
    {"report", 0, OPTION_REPORT, "EXTENT", "none, summary or full (default) text"},
    {"color", 0, OPTION_COLOR, "WHEN", "auto (default), always or never"},
    {.name = NULL},
};

__attribute__((format(printf, 2, 3)))
static int refuse(struct report_options *options, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(options->error, sizeof(options->error), format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static const struct writer *find_writer(const char *name, size_t length)
{
    for (size_t i = 0; writers[i] != NULL; i++)
        if (strlen(writers[i]->name) == length && memcmp(writers[i]->name, name, length) == 0)
            return writers[i];
    return NULL;
}

static int add_output(struct report_options *options, const char *format, size_t length, const char *path)
{
    const struct writer *writer = find_writer(format, length);
    if (writer == NULL)
        return refuse(options, "unknown format '%.*s'; there are text and json", (int)length, format);
    if (options->output_count == REPORT_OUTPUTS_MAX)
        return refuse(options, "more than %d outputs", REPORT_OUTPUTS_MAX);
    options->outputs[options->output_count++] = (struct report_output){writer, path};
    return 0;
}

static int parse_output(struct report_options *options, const char *value)
{
    const char *colon = strchr(value, ':');
    if (colon == NULL || colon[1] == '\0')
        return refuse(options, "-o wants FORMAT:FILE, as in -o json:report.json, not '%s'", value);
    return add_output(options, value, (size_t)(colon - value), colon + 1);
}

static int find_severity(const char *word, size_t length)
{
    for (int severity = SEVERITY_NOTE; severity <= SEVERITY_ERROR; severity++)
        if (strlen(severity_name(severity)) == length && memcmp(severity_name(severity), word, length) == 0)
            return severity;
    return -1;
}

static bool is_rule(const struct rule *rule, const char *word, size_t length)
{
    return strlen(rule->id) == length && memcmp(rule->id, word, length) == 0;
}

static int refuse_rule(struct report_options *options, const char *word, size_t length)
{
    const char *names[64] = {"note", "warning", "error"};
    size_t count = 3;
    for (const struct rule *rule = rules; rule->id != NULL && count < 63; rule++)
        names[count++] = rule->id;
    char text[64];
    snprintf(text, sizeof(text), "%.*s", (int)length, word);
    const char *near = closest_word(text, names);
    if (near != NULL)
        return refuse(options, "no rule or severity is called '%s'; did you mean '%s'?", text, near);
    return refuse(options, "no rule or severity is called '%s'; severities are note, warning and error", text);
}

/* Checked when given, not when used: a gate on a misspelt rule would always pass. */
static int set_fail_on(struct report_options *options, const char *list)
{
    for (const char *word = list; *word != '\0';) {
        size_t length = strcspn(word, ",");
        bool known = find_severity(word, length) >= 0;
        for (const struct rule *rule = rules; rule->id != NULL && !known; rule++)
            known = is_rule(rule, word, length);
        if (!known)
            return refuse_rule(options, word, length);
        word += length + (word[length] == ',');
    }
    char *copy = strdup(list);
    if (copy == NULL)
        return refuse(options, "out of memory");
    free(options->fail_on);
    options->fail_on = copy;
    return 0;
}

static int parse_exitcode(struct report_options *options, const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || number < 0 || number > 255)
        return refuse(options, "--error-exitcode wants a number from 0 to 255, not '%s'", value);
    options->error_exitcode = (int)number;
    options->exitcode_given = true;
    return 0;
}

static int parse_extent(struct report_options *options, const char *value)
{
    static const char *const names[] = {[REPORT_NONE] = "none", [REPORT_SUMMARY] = "summary", [REPORT_FULL] = "full"};
    for (int i = REPORT_NONE; i <= REPORT_FULL; i++)
        if (strcmp(names[i], value) == 0) {
            options->extent = (enum report_extent)i;
            return 0;
        }
    return refuse(options, "--report is none, summary or full, not '%s'", value);
}

static int parse_color(struct report_options *options, const char *value)
{
    static const char *const names[] = {[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    for (int i = COLOR_AUTO; i <= COLOR_NEVER; i++)
        if (strcmp(names[i], value) == 0) {
            options->color = (enum report_color)i;
            return 0;
        }
    return refuse(options, "--color is auto, always or never, not '%s'", value);
}

int report_option(struct report_options *options, int id, const char *value)
{
    switch (id) {
    case OPTION_FORMAT:
        return add_output(options, value, strlen(value), NULL);
    case OPTION_OUTPUT:
        return parse_output(options, value);
    case OPTION_FAIL_ON:
        /* Unlike fail_on= in FDTRACE_OPTIONS, whose exit status stays the other one unless exitcode= says so. */
        if (!options->exitcode_given && options->error_exitcode == 0)
            options->error_exitcode = EXITCODE_STANDARD;
        return set_fail_on(options, value);
    case OPTION_EXITCODE:
        return parse_exitcode(options, value);
    case OPTION_REQUIRE_TRACED:
        options->require_traced = true;
        return 0;
    case OPTION_SHOW:
        if (strcmp(value, "note") != 0 && strcmp(value, "all") != 0)
            return refuse(options, "--show knows note, not '%s'", value);
        options->show_notes = true;
        return 0;
    case OPTION_REPORT:
        return parse_extent(options, value);
    case OPTION_COLOR:
        return parse_color(options, value);
    }
    return refuse(options, "unknown option");
}

int report_options_init(struct report_options *options, FILE *stream)
{
    struct environment_options environment;
    *options = (struct report_options){.stream = stream, .extent = REPORT_FULL};
    if (environment_options_read(&environment, getenv("FDTRACE_OPTIONS")) < 0)
        return refuse(options, "out of memory");
    int result = parse_extent(options, environment.report);
    if (result < 0)
        result = refuse(options, "FDTRACE_OPTIONS: report= is none, summary or full, not '%s'", environment.report);
    options->error_exitcode = environment.exitcode <= 255 ? (int)environment.exitcode : EXITCODE_STANDARD;
    if (result == 0 && environment.fail_on[0] != '\0')
        result = set_fail_on(options, environment.fail_on);
    environment_options_free(&environment);
    return result;
}

void report_options_free(struct report_options *options)
{
    free(options->fail_on);
    options->fail_on = NULL;
}

static bool matches(const char *fail_on, const struct finding *finding)
{
    for (const char *word = fail_on != NULL ? fail_on : ""; *word != '\0';) {
        size_t length = strcspn(word, ",");
        int threshold = find_severity(word, length);
        if (is_rule(finding->rule, word, length) || (threshold >= 0 && (int)finding->severity >= threshold))
            return true;
        word += length + (word[length] == ',');
    }
    return false;
}

static void count(const struct model *model, const struct findings *findings, const struct report_options *options,
                  struct report_result *result)
{
    result->images = model->image_count;
    for (size_t i = 0; i < model->image_count; i++)
        result->untraced += model->images[i].segment == NULL;
    result->findings = findings->count;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = findings->items[i];
        size_t *counters[] = {&result->notes, &result->warnings, &result->errors};
        ++*counters[finding->severity];
        result->fail_matched = result->fail_matched || matches(options->fail_on, finding);
    }
}

static int write_failed(struct report_result *result, const char *path, int error)
{
    snprintf(result->error, sizeof(result->error), "cannot write the report to %s: %s",
             path != NULL ? path : "its stream", strerror(error));
    return -error;
}

static int write_to(const struct report_output *output, const struct report_view *view, struct report_result *result)
{
    bool own = output->path != NULL && strcmp(output->path, "-") != 0;
    FILE *out = own ? fopen(output->path, "we") : output->path != NULL ? stdout : view->options->stream;
    if (out == NULL)
        return write_failed(result, output->path, errno);
    errno = 0;
    int code = output->writer->write(out, view);
    bool failed = fflush(out) != 0 || ferror(out) != 0;
    int error = errno != 0 ? errno : EIO;
    if (own && fclose(out) != 0) {
        failed = true;
        error = errno;
    }
    if (code < 0) {
        snprintf(result->error, sizeof(result->error), "out of memory while writing the report");
        return code;
    }
    return failed ? write_failed(result, output->path, error) : 0;
}

static int write_all(const struct report_view *view, struct report_result *result)
{
    static const struct report_output standard = {&writer_text, NULL};
    const struct report_options *options = view->options;
    if (options->output_count == 0)
        return write_to(&standard, view, result);
    for (size_t i = 0; i < options->output_count; i++) {
        int code = write_to(&options->outputs[i], view, result);
        if (code < 0)
            return code;
    }
    return 0;
}

int report_session(const char *const *paths, size_t path_count, const struct report_options *options,
                   struct report_result *result)
{
    struct model model;
    struct findings findings;
    *result = (struct report_result){0};
    int code = model_load(&model, paths, path_count, options->ends, options->end_count, result->error,
                          sizeof(result->error));
    if (code < 0)
        return code;
    code = findings_gather(&findings, &model);
    if (code < 0) {
        snprintf(result->error, sizeof(result->error), "out of memory while judging %s", paths[0]);
    } else {
        count(&model, &findings, options, result);
        code = write_all(&(struct report_view){&model, &findings, options, result}, result);
    }
    findings_free(&findings);
    model_free(&model);
    return code;
}

int report_exit_status(const struct report_options *options, const struct report_result *result, int otherwise)
{
    if (result->fail_matched && options->error_exitcode != 0)
        return options->error_exitcode;
    return options->require_traced && result->untraced > 0 ? EXIT_UNTRACED : otherwise;
}
