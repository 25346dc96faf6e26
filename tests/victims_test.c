/*
 * Victims and twins: each program in tests/victims says in its first comment which findings it deserves, and each one
 * in tests/twins does nearly the same and deserves none. All of them run under `fdtrace run`; what the report says must
 * be exactly what the comment says. tests/README.md explains the directives.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Criterion passes parameters by value to another process, so a program is named by an array and not by a pointer. */
struct program {
    char source[200];
};

static struct criterion_test_params programs_in(const char *folder)
{
    glob_t found;
    if (glob(text("tests/%s/*.{c,cpp}", folder), GLOB_BRACE, NULL, &found) != 0)
        found.gl_pathc = 0;
    struct program *programs = cr_calloc(found.gl_pathc + 1, sizeof(*programs));
    for (size_t i = 0; i < found.gl_pathc; i++)
        snprintf(programs[i].source, sizeof(programs[i].source), "%s", found.gl_pathv[i]);
    struct criterion_test_params params = {sizeof(*programs), programs, found.gl_pathc, NULL};
    globfree(&found);
    return params;
}

/* tests/victims/leak.c -> BUILD/tests/victims/leak */
static const char *program_of(const char *source)
{
    return built(text("%.*s", (int)(strrchr(source, '.') - source), source));
}

/* Removes the first finding that fits, so that no two expectations are met by one. */
static bool take_finding(json_t *report, const char *expectation)
{
    json_t *findings = json_object_get(report, "findings");
    for (size_t i = 0; i < json_array_size(findings); i++)
        if (finding_fits(json_array_get(findings, i), expectation))
            return json_array_remove(findings, i) == 0;
    return false;
}

static void check_program(const char *source)
{
    char *needs = directive(source, "NEEDS", 0);
    if (needs != NULL && strcmp(needs, "root") == 0 && geteuid() != 0)
        cr_skip_test("%s: needs root", source);
    free(needs);
    char *scratch = scratch_make(), *line;
    char *report_path = strdup(text("%s/report.json", scratch));
    char *code = directive(source, "ENDS", 0), *options = directive(source, "OPTIONS", 0);
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){program_of(source), NULL},
                                               .tracing = UNDER_RUN,
                                               .report = report_path,
                                               .options = options,
                                               .deadline = 100});
    cr_assert_not(outcome.overdue, "%s did not end", source);
    cr_assert_eq(outcome_code(&outcome), code != NULL ? atoi(code) : 0, "%s ended with %d; it wrote: %s%s", source,
                 outcome_code(&outcome), outcome.out, outcome.err);
    json_t *report = report_load(report_path);
    char *digest = report_digest(report);
    for (unsigned nth = 0; (line = directive(source, "NEVER", nth)) != NULL; nth++, free(line))
        cr_expect_not(take_finding(report, line), "%s must not earn '%s'; found:\n%s", source, line, digest);
    for (unsigned nth = 0; (line = directive(source, "EXPECT", nth)) != NULL; nth++, free(line))
        if (strcmp(line, "nothing") != 0)
            cr_expect(take_finding(report, line), "%s deserves '%s'; found:\n%s", source, line, digest);
    cr_expect_eq(report_count(report, NULL), 0, "%s earned more than it deserves; found:\n%s", source, digest);
    json_decref(report);
    outcome_free(&outcome);
    free(digest);
    free(code);
    free(options);
    free(report_path);
    scratch_remove(scratch);
}

ParameterizedTestParameters(victims, deserve)
{
    return programs_in("{victims,demo}");
}

ParameterizedTest(struct program *program, victims, deserve)
{
    char *line = directive(program->source, "EXPECT", 0);
    cr_assert_not_null(line, "%s does not say what it deserves", program->source);
    cr_assert_str_neq(line, "nothing", "%s belongs into tests/twins", program->source);
    free(line);
    check_program(program->source);
}

ParameterizedTestParameters(twins, deserve_nothing)
{
    return programs_in("twins");
}

ParameterizedTest(struct program *program, twins, deserve_nothing)
{
    char *line = directive(program->source, "EXPECT", 0);
    cr_assert_not_null(line, "%s does not say that it deserves nothing", program->source);
    cr_assert_str_eq(line, "nothing", "%s belongs into tests/victims", program->source);
    free(line);
    check_program(program->source);
}
