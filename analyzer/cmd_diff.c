/* fdtrace diff: what one recording or report has that another has not. */
#include "command.h"
#include "diff_side.h"
#include "escape.h"
#include "gate.h"
#include "out/json_values.h"
#include "rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_FORMAT = 1, OPTION_FAIL_ON, OPTION_EXITCODE };
enum { EXITCODE_STANDARD = 99 };

static const struct command_option diff_options[] = {
    {"format", 0, OPTION_FORMAT, "FORMAT", "text (default) or json"},
    {"fail-on", 0, OPTION_FAIL_ON, "RULE|SEVERITY[>N],...",
     "exit with --error-exitcode when AFTER has (N) more of one"},
    {"error-exitcode", 0, OPTION_EXITCODE, "N", "exit status for --fail-on (default 99)"},
    {.name = NULL},
};
static const struct command_option *const option_tables[] = {diff_options, NULL};

struct diff {
    const char *paths[2];
    struct diff_side before, after;
    bool json;
    const char *fail_on;
    int exitcode;
    size_t fresh, more, fewer, gone, same;
    struct gate_tally tally; /* what is new, and how much more there is */
};

/* One fingerprint of either side or of both. NULL: not there. */
struct change {
    const struct diff_entry *before, *after;
};

static uint64_t count_of(const struct diff_entry *entry)
{
    return entry != NULL ? entry->count : 0;
}

static const char *change_name(const struct change *change)
{
    uint64_t before = count_of(change->before), after = count_of(change->after);
    return change->before == NULL  ? "new"
           : change->after == NULL ? "gone"
           : after > before        ? "increased"
           : after < before        ? "decreased"
                                   : "same";
}

/* Both sides are sorted by fingerprint, so one walk meets every change. False: there is none left. */
static bool next_change(const struct diff *diff, size_t *i, size_t *j, struct change *change)
{
    const struct diff_entry *a = *i < diff->before.count ? &diff->before.entries[*i] : NULL;
    const struct diff_entry *b = *j < diff->after.count ? &diff->after.entries[*j] : NULL;
    int order = a == NULL ? 1 : b == NULL ? -1 : strcmp(a->fingerprint, b->fingerprint);
    *change = (struct change){order <= 0 ? a : NULL, order >= 0 ? b : NULL};
    *i += order <= 0;
    *j += order >= 0;
    return a != NULL || b != NULL;
}

static void count(struct diff *diff)
{
    struct change change;
    for (size_t i = 0, j = 0; next_change(diff, &i, &j, &change);) {
        uint64_t before = count_of(change.before), after = count_of(change.after);
        diff->fresh += change.before == NULL;
        diff->gone += change.after == NULL;
        diff->more += change.before != NULL && after > before;
        diff->fewer += change.after != NULL && after < before;
        diff->same += before == after;
        if (after > before)
            diff->tally.counts[change.after->rule - rules][change.after->rule->severity] += after - before;
    }
}

/* new: error: 3 files ... [leak-at-exit] at conn.c:88 */
static void print_change(const struct change *change)
{
    const struct diff_entry *entry = change->after != NULL ? change->after : change->before;
    printf("%s: %s: ", change_name(change), severity_name(entry->rule->severity));
    escape_print(stdout, entry->message);
    printf(" [%s]", entry->rule->id);
    if (entry->where[0] != '\0') {
        fputs(" at ", stdout);
        escape_print(stdout, entry->where);
    }
    if (change->before != NULL && change->after != NULL)
        printf(" (%llu before, %llu now)", (unsigned long long)change->before->count,
               (unsigned long long)change->after->count);
    putchar('\n');
}

static void print_text(const struct diff *diff)
{
    static const char *const order[] = {"new", "increased", "decreased", "gone"};
    struct change change;
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
        for (size_t i = 0, j = 0; next_change(diff, &i, &j, &change);)
            if (strcmp(change_name(&change), order[k]) == 0)
                print_change(&change);
    printf("fdtrace: %zu new, %zu increased, %zu decreased, %zu gone, %zu the same\n", diff->fresh, diff->more,
           diff->fewer, diff->gone, diff->same);
}

static int print_json(const struct diff *diff)
{
    struct change change;
    const char *separator = "\n    ";
    int result = 0;
    fputs("{ \"schema\": \"fdtrace-diff/1\",\n  \"changes\": [", stdout);
    for (size_t i = 0, j = 0; result == 0 && next_change(diff, &i, &j, &change);) {
        const struct diff_entry *entry = change.after != NULL ? change.after : change.before;
        if (strcmp(change_name(&change), "same") == 0)
            continue;
        fputs(separator, stdout);
        separator = ",\n    ";
        result = json_print(stdout, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "change",
                                              change_name(&change), "rule", entry->rule->id, "severity",
                                              severity_name(entry->rule->severity), "fingerprint", entry->fingerprint,
                                              "before", json_of_number(count_of(change.before)), "after",
                                              json_of_number(count_of(change.after)), "message",
                                              json_of_text(entry->message), "where", json_of_text(entry->where)));
    }
    printf(" ],\n  \"same\": %zu }\n", diff->same);
    return result;
}

static int compare(const struct command *command, struct diff *diff)
{
    char error[1024], why[320];
    if (diff_side_load(&diff->before, diff->paths[0], error, sizeof(error)) < 0 ||
        diff_side_load(&diff->after, diff->paths[1], error, sizeof(error)) < 0)
        return command_error(command, "%s", error);
    count(diff);
    if (diff->json && print_json(diff) < 0)
        return command_error(command, "out of memory");
    if (!diff->json)
        print_text(diff);
    if (fflush(stdout) != 0 || ferror(stdout))
        return command_error(command, "cannot write to standard output: %s", strerror(errno));
    if (!gate_matches(diff->fail_on, &diff->tally, why, sizeof(why)))
        return EXIT_SUCCESS;
    if (!diff->json)
        printf("fdtrace: failed: %s new or more\n", why);
    return diff->exitcode;
}

static int set_exitcode(const struct command *command, struct diff *diff, const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || number < 0 || number > 255)
        return command_usage_error(command, "--error-exitcode wants a number from 0 to 255, not '%s'", value);
    diff->exitcode = (int)number;
    return -1;
}

/* -1 to go on, else the exit status. */
static int take_option(const struct command *command, struct diff *diff, int id, const char *value)
{
    char error[256];
    switch (id) {
    case OPTION_FORMAT:
        if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
            return command_usage_error(command, "--format is text or json, not '%s'", value);
        diff->json = value[0] == 'j';
        return -1;
    case OPTION_FAIL_ON:
        if (gate_check(value, error, sizeof(error)) < 0)
            return command_usage_error(command, "%s", error);
        diff->fail_on = value;
        return -1;
    default:
        return set_exitcode(command, diff, value);
    }
}

static int run(const struct command *command, int argc, char **argv)
{
    struct option_reader reader = {.argc = argc, .argv = argv, .tables = option_tables, .index = 1};
    struct diff diff = {.exitcode = EXITCODE_STANDARD};
    size_t operands = 0;
    for (int id; (id = option_next(&reader)) != OPTION_END;) {
        int status = -1;
        if (id == OPTION_HELP)
            return command_help(command);
        if (id == OPTION_ERROR)
            return command_usage_error(command, "%s", reader.error);
        if (id != OPTION_OPERAND)
            status = take_option(command, &diff, id, reader.value);
        else if (operands++ < 2)
            diff.paths[operands - 1] = reader.value;
        if (status >= 0)
            return status;
    }
    if (operands != 2)
        return command_usage_error(command, "two sessions or JSON reports are compared: fdtrace diff BEFORE AFTER");
    int status = compare(command, &diff);
    diff_side_free(&diff.before);
    diff_side_free(&diff.after);
    return status;
}

const struct command command_diff = {
    .name = "diff",
    .usage = "[OPTIONS] BEFORE AFTER",
    .summary = "compare two sessions or JSON reports: what is new, what has increased, what has gone",
    .options = option_tables,
    .run = run,
};
