/* Option last_used: when descriptors were last used, in reports and in `fdtrace ls`. */
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the report of tests/run/uses says of the descriptors it left open: 3 used, 4 not, 5 a stream's. */
static json_t *uses(const char *options, struct outcome *outcome)
{
    char *folder = scratch_make(), *path = strdup(text("%s/report.json", folder));
    *outcome = run(&(struct run){.argv = (const char *[]){built("tests/run/uses"), NULL}, .tracing = UNDER_RUN,
                                 .options = options, .report = path});
    cr_assert_eq(outcome_code(outcome), 0, "%s", outcome->err);
    json_t *report = report_load(path);
    free(path);
    scratch_remove(folder);
    return report;
}

static const json_t *last_used(const json_t *report, int fd)
{
    const json_t *open = json_object_get(json_array_get(json_object_get(report, "images"), 0), "open_at_end"), *item;
    size_t i;
    json_array_foreach(open, i, item)
        if (json_integer_value(json_object_get(item, "fd")) == fd)
            return json_object_get(item, "last_used");
    cr_assert_fail("descriptor %d is not among those left open", fd);
    return NULL;
}

Test(last_used, uses_by_number_are_timed)
{
    struct outcome outcome;
    json_t *report = uses("last_used=1", &outcome);
    cr_expect(json_is_real(last_used(report, 3)) && json_real_value(last_used(report, 3)) >= 0);
    cr_expect(json_is_false(last_used(report, 4)), "the use of an earlier owner counts for the next one");
    cr_expect_null(last_used(report, 5), "libc's own uses are not seen, and nothing can be said");
    cr_expect_null(last_used(report, 1), "libc writes to standard output, too");
    json_decref(report);
    outcome_free(&outcome);
}

Test(last_used, nothing_is_said_unless_it_was_asked)
{
    struct outcome outcome;
    json_t *report = uses(NULL, &outcome);
    cr_expect_null(last_used(report, 3));
    cr_expect_null(last_used(report, 4));
    json_decref(report);
    outcome_free(&outcome);
}

Test(last_used, leaks_are_told_with_it)
{
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){built("tests/run/uses"), NULL},
                                               .tracing = PRELOADED, .options = "last_used=1"});
    cr_expect_not_null(strstr(outcome.err, " s before the end\n"), "%s", outcome.err);
    cr_expect_not_null(strstr(outcome.err, "   = never used\n"), "%s", outcome.err);
    outcome_free(&outcome);
}

Test(last_used, ls_has_a_column)
{
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("tests/run/uses"), built("fdtrace"), NULL},
        .tracing = PRELOADED, .options = "last_used=1:report=none"});
    int fd, units, told = 0;
    for (const char *line = outcome.out; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (sscanf(line, "%d", &fd) != 1)
            continue;
        if (fd == 3)
            told += sscanf(line, "%d %d.", &fd, &units) == 2;
        else if (fd == 4)
            told += strstr(line, "never") != NULL;
    }
    cr_expect_eq(told, 2, "%s%s", outcome.out, outcome.err);
    outcome_free(&outcome);
}
