/*
 * One test a row of tests/hooks: the row runs under the preload, leaves open what it made, and then
 *   - the table equals the kernel's: numbers, kinds, close-on-exec flags (verify=1);
 *   - the report says every text the row printed, and nothing the row printed with a '!' before it.
 * The library's own report is read, not the command's, so that a row tells of the wrapper alone.
 * scripts/check-surface.sh sees to it that there is a row for every function the library exports.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The programs: each holds the rows of its namesake preload/wrap_NAME.c. */
static const char *const families[] = {
    "close", "dir", "dup", "event", "file", "flags", "ipc", "pipe", "process", "pty", "raw", "read", "rights", "socket",
    "select", "spawn", "stat", "stdio", "use",
};
#define FAMILIES  (sizeof(families) / sizeof(families[0]))
#define MOST_ROWS 1000

/* Criterion passes parameters by value to another process. */
struct row {
    char family[16];
    char name[48];
};

static struct outcome row_run(const char *family, const char *name, enum tracing tracing)
{
    return run(&(struct run){.argv = (const char *[]){built(text("tests/hooks/%s", family)), name, NULL},
                             .tracing = tracing,
                             .options = "verify=1:analyzer=/nowhere"});
}

ParameterizedTestParameters(hooks, row)
{
    struct row *rows = cr_calloc(MOST_ROWS, sizeof(*rows));
    size_t count = 0;
    for (size_t i = 0; i < FAMILIES; i++) {
        struct outcome list = row_run(families[i], "--list", BARE);
        char *state;
        for (char *name = strtok_r(list.out, "\n", &state); name != NULL; name = strtok_r(NULL, "\n", &state)) {
            cr_assert_lt(count, MOST_ROWS);
            snprintf(rows[count].family, sizeof(rows->family), "%s", families[i]);
            snprintf(rows[count++].name, sizeof(rows->name), "%s", name);
        }
        outcome_free(&list);
    }
    return cr_make_param_array(struct row, rows, count, NULL);
}

static void check_report(const struct row *row, char *expected, const char *report)
{
    char *state;
    for (char *line = strtok_r(expected, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state)) {
        bool wanted = line[0] != '!';
        cr_expect_eq(strstr(report, line + !wanted) != NULL, wanted, "%s %s: the report must%s say \"%s\":\n%s",
                     row->family, row->name, wanted ? "" : " not", line + !wanted, report);
    }
}

ParameterizedTest(struct row *row, hooks, row)
{
    struct outcome outcome = row_run(row->family, row->name, PRELOADED);
    cr_assert_not(outcome.overdue, "%s %s did not end", row->family, row->name);
    cr_assert_eq(outcome_code(&outcome), 0, "%s %s ended with %d; it wrote:\n%s%s", row->family, row->name,
                 outcome_code(&outcome), outcome.out, outcome.err);
    cr_assert_not_null(strstr(outcome.err, "table equals kernel"), "%s %s was not verified:\n%s", row->family,
                       row->name, outcome.err);
    check_report(row, outcome.out, outcome.err);
    outcome_free(&outcome);
}
