/* Options, loading, judging, printing, exit status. See report.h. */
#include "report.h"

#include "baseline.h"
#include "command.h"
#include "embedded.h"
#include "finding.h"
#include "out/writer.h"
#include "output_file.h"
#include "rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct writer *const writers[] = {
#define FDT_WRITER(name) &writer_##name,
#include "out/writers.def"
#undef FDT_WRITER
    NULL,
};

enum {
    OPTION_FORMAT = REPORT_OPTION_FIRST,
    OPTION_OUTPUT,
    OPTION_FAIL_ON,
    OPTION_EXITCODE,
    OPTION_REQUIRE_TRACED,
    OPTION_SHOW,
    OPTION_REPORT,
    OPTION_COLOR,
    OPTION_SUPPRESSIONS,
    OPTION_GEN_SUPPRESSIONS,
    OPTION_BASELINE,
    OPTION_WRITE_BASELINE,
    OPTION_ALLOW,
    OPTION_NO_BUILTIN_ALLOW,
    OPTION_LIMIT,
    OPTION_LIMIT_NEAR,
    OPTION_OPEN_SINCE
};
enum { EXITCODE_STANDARD = 99, LIMIT_STANDARD = 50 };

const struct command_option report_option_table[] = {
    {"format", 0, OPTION_FORMAT, "FORMAT",
     "text, json, html, sarif, junit, github, gitlab, csv, folded, speedscope, trace, pprof, events or suppressions"},
    {"output", 'o', OPTION_OUTPUT, "FORMAT:FILE", "write the report to FILE (- is standard output); repeatable"},
    {"fail-on", 0, OPTION_FAIL_ON, "RULE|SEVERITY[>N],...", "exit with --error-exitcode when (more than N) were found"},
    {"error-exitcode", 0, OPTION_EXITCODE, "N", "exit status for --fail-on (default 99)"},
    {"require-traced", 0, OPTION_REQUIRE_TRACED, NULL, "exit with 3 when something could not be traced or recorded"},
    {"suppressions", 0, OPTION_SUPPRESSIONS, "FILE", "say nothing about what FILE describes; repeatable"},
    {"gen-suppressions", 0, OPTION_GEN_SUPPRESSIONS, NULL, "print suppressions for what was found instead of the text"},
    {"baseline", 0, OPTION_BASELINE, "FILE", "tell only what is new or more; implies --fail-on=warning"},
    {"write-baseline", 0, OPTION_WRITE_BASELINE, "FILE", "write what was found as a baseline"},
    {"allow", 0, OPTION_ALLOW, "KIND:NAME[,...]", "descriptors that are meant to stay open, by globs; repeatable"},
    {"no-builtin-allow", 0, OPTION_NO_BUILTIN_ALLOW, NULL, "do not excuse what usually stays open (/dev/urandom, ...)"},
    {"open-since", 0, OPTION_OPEN_SINCE, "NS", "only leaks born at NS of CLOCK_MONOTONIC or later, running programs' too"},
    {"limit", 0, OPTION_LIMIT, "N", "findings told in full in text (default 50); 0 tells all"},
    {"limit-near", 0, OPTION_LIMIT_NEAR, "PERCENT", "warn of programs that used more of their limit (default 80; 100 never)"},
    {"show", 0, OPTION_SHOW, "note|images|all", "list notes in the text, too, or every program of the tree; repeatable"},
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

static int refuse_format(struct report_options *options, const char *format, size_t length)
{
    const char *names[32] = {NULL};
    char word[64], all[256] = "";
    for (size_t i = 0; writers[i] != NULL && i < 31; i++) {
        names[i] = writers[i]->name;
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i > 0 ? ", " : "", names[i]);
    }
    snprintf(word, sizeof(word), "%.*s", (int)length, format);
    const char *near = closest_word(word, names);
    return near != NULL ? refuse(options, "unknown format '%s'; did you mean '%s'? There are %s", word, near, all)
                        : refuse(options, "unknown format '%s'; there are %s", word, all);
}

static int add_output(struct report_options *options, const char *format, size_t length, const char *path)
{
    const struct writer *writer = find_writer(format, length);
    if (writer == NULL)
        return refuse_format(options, format, length);
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

static int set_text(struct report_options *options, char **field, const char *value)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return refuse(options, "out of memory");
    free(*field);
    *field = copy;
    return 0;
}

/* Checked when given, not when used: a gate on a misspelt rule would always pass. */
static int set_fail_on(struct report_options *options, const char *list)
{
    int result = gate_check(list, options->error, sizeof(options->error));
    return result < 0 ? result : set_text(options, &options->fail_on, list);
}

/* Unlike fail_on= in FDTRACE_OPTIONS, whose exit status stays the other one unless exitcode= says so. */
static int fail_on(struct report_options *options, const char *list)
{
    if (!options->exitcode_given && options->error_exitcode == 0)
        options->error_exitcode = EXITCODE_STANDARD;
    return set_fail_on(options, list);
}

/* A baseline that could never fail would be no gate. */
static int set_baseline(struct report_options *options, const char *path)
{
    int result = options->fail_on == NULL ? fail_on(options, "warning") : 0;
    return result < 0 ? result : set_text(options, &options->baseline, path);
}

static int parse_number(struct report_options *options, const char *option, const char *value, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno != 0)
        return refuse(options, "--%s wants a number, not '%s'", option, value);
    return 0;
}

static int set_limit_near(struct report_options *options, uint64_t percent)
{
    if (percent < 1 || percent > 100)
        return refuse(options, "--limit-near wants percent from 1 to 100");
    options->limit_near = (unsigned)percent;
    return 0;
}

static int parse_limit_near(struct report_options *options, const char *value)
{
    uint64_t percent;
    int result = parse_number(options, "limit-near", value, &percent);
    return result < 0 ? result : set_limit_near(options, percent);
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
        return fail_on(options, value);
    case OPTION_EXITCODE:
        return parse_exitcode(options, value);
    case OPTION_REQUIRE_TRACED:
        options->require_traced = true;
        return 0;
    case OPTION_SHOW:
        if (strcmp(value, "note") != 0 && strcmp(value, "images") != 0 && strcmp(value, "all") != 0)
            return refuse(options, "--show knows note, images and all, not '%s'", value);
        options->show_notes |= strcmp(value, "images") != 0;
        options->show_images |= strcmp(value, "note") != 0;
        return 0;
    case OPTION_REPORT:
        return parse_extent(options, value);
    case OPTION_COLOR:
        return parse_color(options, value);
    case OPTION_SUPPRESSIONS:
        return suppressions_read_file(options->suppressions, value, options->error, sizeof(options->error));
    case OPTION_GEN_SUPPRESSIONS:
        return add_output(options, "suppressions", strlen("suppressions"), NULL);
    case OPTION_BASELINE:
        return set_baseline(options, value);
    case OPTION_WRITE_BASELINE:
        return set_text(options, &options->write_baseline, value);
    case OPTION_ALLOW:
        return allow_add(&options->allowed, value, options->error, sizeof(options->error));
    case OPTION_NO_BUILTIN_ALLOW:
        options->builtin_allow = false;
        return 0;
    case OPTION_LIMIT:
        return parse_number(options, "limit", value, &options->limit);
    case OPTION_LIMIT_NEAR:
        return parse_limit_near(options, value);
    case OPTION_OPEN_SINCE:
        options->open_only = true;
        return parse_number(options, "open-since", value, &options->open_since);
    }
    return refuse(options, "unknown option");
}

/* The equals of the options above. */
static int read_environment(struct report_options *options, const struct environment_options *environment)
{
    int result = parse_extent(options, environment->report);
    if (result < 0)
        return refuse(options, "report= is none, summary or full, not '%s'", environment->report);
    options->error_exitcode = environment->exitcode <= 255 ? (int)environment->exitcode : EXITCODE_STANDARD;
    options->require_traced = environment->require_traced;
    options->builtin_allow = environment->builtin_allow;
    result = set_limit_near(options, environment->limit_near);
    if (result == 0 && environment->suppressions[0] != '\0')
        result = suppressions_read_file(options->suppressions, environment->suppressions, options->error,
                                        sizeof(options->error));
    if (result == 0)
        result = allow_add(&options->allowed, environment->allow, options->error, sizeof(options->error));
    if (result == 0 && environment->fail_on[0] != '\0')
        result = set_fail_on(options, environment->fail_on);
    if (result == 0 && environment->baseline[0] != '\0')
        result = set_text(options, &options->baseline, environment->baseline);
    if (result == 0 && options->baseline != NULL && options->fail_on == NULL)
        result = set_fail_on(options, "warning");
    return result;
}

int report_options_init(struct report_options *options, FILE *stream)
{
    struct environment_options environment;
    *options = (struct report_options){.stream = stream, .extent = REPORT_FULL, .limit = LIMIT_STANDARD};
    options->suppressions = calloc(1, sizeof(*options->suppressions));
    if (options->suppressions == NULL || environment_options_read(&environment, getenv("FDTRACE_OPTIONS")) < 0)
        return refuse(options, "out of memory");
    int result = read_environment(options, &environment);
    environment_options_free(&environment);
    if (result < 0) { /* who looks for the mistake on the command line will not find it */
        char error[sizeof(options->error)];
        memcpy(error, options->error, sizeof(error));
        snprintf(options->error, sizeof(options->error), "FDTRACE_OPTIONS: %.480s", error);
    }
    return result;
}

void report_options_free(struct report_options *options)
{
    free(options->fail_on);
    free(options->baseline);
    free(options->write_baseline);
    allow_free(&options->allowed);
    if (options->suppressions != NULL)
        suppressions_free(options->suppressions);
    free(options->suppressions);
    options->fail_on = options->baseline = options->write_baseline = NULL;
    options->suppressions = NULL;
}

/* Embedded suppressions come last: what files say goes first. They are this session's alone. */
static int suppress(const struct report_options *options, struct model *model, struct findings *findings,
                    struct report_result *result)
{
    struct suppressions *list = options->suppressions;
    int code = embedded_suppressions(list, model, result->error, sizeof(result->error));
    if (code < 0)
        return code;
    if (list->count > 0 && suppressions_apply(list, findings) < 0) {
        snprintf(result->error, sizeof(result->error), "out of memory while applying suppressions");
        return -ENOMEM;
    }
    for (size_t i = 0; i < list->count; i++)
        result->suppressed += list->items[i].findings;
    return 0;
}

/* A baseline that is to be written may not be there yet. */
static int read_baseline(const struct report_options *options, struct baseline *baseline, char *error,
                         size_t error_size)
{
    *baseline = (struct baseline){0};
    if (options->baseline == NULL ||
        (options->write_baseline != NULL && strcmp(options->baseline, options->write_baseline) == 0 &&
         access(options->baseline, F_OK) != 0))
        return 0;
    return baseline_read(baseline, options->baseline, error, error_size);
}

int report_options_check(struct report_options *options)
{
    struct baseline baseline;
    int code = read_baseline(options, &baseline, options->error, sizeof(options->error));
    baseline_free(&baseline);
    return code;
}

/* The old baseline is read before a new one may replace it. */
static int compare(const struct report_options *options, struct findings *findings, struct report_result *result)
{
    struct baseline baseline;
    size_t aside = findings->aside;
    int code = read_baseline(options, &baseline, result->error, sizeof(result->error));
    if (code == 0 && options->baseline != NULL && baseline_apply(&baseline, findings, &result->gone) < 0) {
        snprintf(result->error, sizeof(result->error), "out of memory while comparing with %s", options->baseline);
        code = -ENOMEM;
    }
    if (code == 0 && options->write_baseline != NULL)
        code = baseline_write(findings, options->write_baseline, result->error, sizeof(result->error));
    result->known = findings->aside - aside;
    baseline_free(&baseline);
    return code;
}

/* --open-since: running programs are judged as if they had ended, older descriptors are none of anybody's business. */
static void judge_running(struct model *model, uint64_t since)
{
    for (size_t i = 0; i < model->image_count; i++) {
        struct image *image = &model->images[i];
        image->judged = image->end.how == END_RUNNING;
        for (size_t j = 0; j < image->open_count; j++)
            if (image->open[j].life->ns < since)
                image->open[j].state |= FDT_IGNORED;
    }
}

/* Of what is told then, only leaks: everything else happened at some other time. */
static int keep_leaks(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->items[i]->rule->id, "leak-at-exit") != 0)
            findings->items[i]->fate = FINDING_SUPPRESSED;
    return findings_sift(findings);
}

/* What --require-traced asks of a recording that is there. */
static void check_recorded(const struct model *model, const struct report_options *options,
                           struct report_result *result)
{
    uint64_t events = 0, lost = 0;
    for (size_t i = 0; i < model->image_count; i++) {
        const struct image *image = &model->images[i];
        result->untraced += image->segment == NULL;
        events += image->events;
        if (image->segment != NULL)
            lost += image->segment->header.lost.slots + image->segment->header.lost.incidents;
    }
    result->unrecorded = (events == 0 && !options->proven) || lost > 0;
    if (result->untraced > 0)
        snprintf(result->verdict, sizeof(result->verdict), "%zu image%s could not be traced", result->untraced,
                 result->untraced > 1 ? "s" : "");
    else if (events == 0 && !options->proven)
        snprintf(result->verdict, sizeof(result->verdict), "no event at all was recorded");
    else if (lost > 0)
        snprintf(result->verdict, sizeof(result->verdict), "%llu events could not be recorded for want of room",
                 (unsigned long long)lost);
}

static void count(const struct model *model, const struct findings *findings, const struct report_options *options,
                  struct report_result *result)
{
    char why[sizeof(result->verdict)];
    check_recorded(model, options, result);
    if (!options->require_traced)
        result->verdict[0] = '\0';
    result->findings = findings->count;
    for (size_t i = 0; i < findings->count; i++) {
        size_t *counters[] = {&result->notes, &result->warnings, &result->errors};
        ++*counters[findings->items[i]->severity];
    }
    gate_count(&result->tally, findings);
    result->fail_matched = gate_matches(options->fail_on, &result->tally, why, sizeof(why));
    if (result->fail_matched && options->error_exitcode != 0)
        memcpy(result->verdict, why, sizeof(why));
}

static int write_failed(struct report_result *result, const char *path, int error)
{
    snprintf(result->error, sizeof(result->error), "cannot write the report to %s: %s%s",
             path != NULL ? path : "its stream", strerror(error),
             error == EPERM ? " (is what stands there another user's?)" : "");
    return -error;
}

static int write_to(const struct report_output *output, const struct report_view *view, struct report_result *result)
{
    bool own = output->path != NULL && strcmp(output->path, "-") != 0;
    FILE *out = own ? output_file_open(output->path, "we") : output->path != NULL ? stdout : view->options->stream;
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
    size_t named = options->suppressions->count;
    *result = (struct report_result){0};
    int code = model_load(&model, paths, path_count, options->ends, options->end_count, result->error,
                          sizeof(result->error));
    if (code < 0)
        return code;
    result->images = model.image_count; /* from here on there is something to tell, whatever goes wrong */
    allow_apply(&options->allowed, options->builtin_allow, &model);
    model.limit_near = options->limit_near;
    if (options->open_only)
        judge_running(&model, options->open_since);
    code = findings_gather(&findings, &model);
    if (code == 0 && options->open_only)
        code = keep_leaks(&findings);
    if (code < 0) {
        snprintf(result->error, sizeof(result->error), "out of memory while judging %s", paths[0]);
    } else if ((code = suppress(options, &model, &findings, result)) == 0 &&
               (code = compare(options, &findings, result)) == 0) {
        count(&model, &findings, options, result);
        code = write_all(&(struct report_view){&model, &findings, options, result}, result);
    }
    suppressions_cut(options->suppressions, named);
    findings_free(&findings);
    model_free(&model);
    return code;
}

int report_exit_status(const struct report_options *options, const struct report_result *result, int otherwise)
{
    char why[sizeof(result->verdict)];
    bool matched = result->fail_matched || gate_matches(options->fail_on, &result->tally, why, sizeof(why));
    if (matched && options->error_exitcode != 0)
        return options->error_exitcode;
    return options->require_traced && (result->untraced > 0 || result->unrecorded) ? EXIT_UNTRACED : otherwise;
}
