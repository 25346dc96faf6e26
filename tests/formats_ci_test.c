/*
 * The formats of continuous integration: each is read by a parser of its own kind, and says what the finding says. How they
 * deal with names somebody chose to do harm stands in one table at the end.
 */
#include "escape.h"
#include "gate_support.h"
#include "out/place.h"
#include "report.h"
#include "segment_maker.h"
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *session;
static struct segment_maker maker;

static void begin(void)
{
    session = scratch_make();
    maker_begin(&maker, 42, 1);
    unsetenv("GITHUB_WORKSPACE");
    unsetenv("CI_PROJECT_DIR");
    unsetenv("GITHUB_STEP_SUMMARY");
}

static void end(void)
{
    maker_free(&maker);
    scratch_remove(session);
}

TestSuite(formats_ci, .init = begin, .fini = end);

/* The report of the image under construction in a format, malloc'd. */
static char *render(const char *format)
{
    char *written = NULL;
    size_t size = 0;
    struct report_options options;
    struct report_result result;
    cr_assert_eq(maker_write(&maker, text("%s/42.1.fdt", session)), 0);
    FILE *out = open_memstream(&written, &size);
    cr_assert_eq(report_options_init(&options, out), 0);
    cr_assert_eq(report_option(&options, REPORT_OPTION_FIRST, format), 0, "%s", options.error);
    cr_assert_eq(report_session((const char *const[]){session}, 1, &options, &result), 0, "%s", result.error);
    report_options_free(&options);
    fclose(out);
    return written;
}

/* A leaked file, and the same file closed twice. */
static void tell_a_story(void)
{
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_birth(&maker, 4, maker_site_at(&maker, "socket", 0x200), FDT_SOCKET_UNIX, NULL, FDT_CLOEXEC);
    maker_birth(&maker, 5, maker_site_at(&maker, "socket", 0x300), FDT_SOCKET_INET, NULL, 0);
    maker_death(&maker, 5, maker_site_at(&maker, "close", 0x400));
    maker_exit(&maker, 0);
}

/* What the demo leaves in that format, as a file of the scratch folder; the path lives until the next call. */
static const char *demo(const char *format)
{
    static char path[128], output[160];
    snprintf(path, sizeof(path), "%s/report", session);
    snprintf(output, sizeof(output), "%s:%s", format, path);
    gate_expect(FDTRACE("run", "-o", output, "--", built("tests/demo/server")), 0, "");
    return path;
}

/* Output of a program that must succeed, malloc'd. */
static char *output_of(const char *const *argv)
{
    struct outcome outcome = run(&(struct run){.argv = argv});
    cr_assert_eq(outcome_code(&outcome), 0, "%s: %s%s", argv[0], outcome.out, outcome.err);
    free(outcome.err);
    return outcome.out;
}

static json_t *parse(const char *written)
{
    json_error_t error;
    json_t *value = json_loads(written, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(value, "%s at byte %d of %s", error.text, error.position, written);
    return value;
}

static json_t *render_json(const char *format)
{
    char *written = render(format);
    json_t *value = parse(written);
    free(written);
    return value;
}

/* The value at "runs/0/tool": keys and indexes. */
static const json_t *at(const json_t *value, const char *path)
{
    char *copy = strdup(path), *rest = NULL;
    for (char *step = strtok_r(copy, "/", &rest); step != NULL; step = strtok_r(NULL, "/", &rest)) {
        value = json_is_array(value) ? json_array_get(value, (size_t)atoi(step)) : json_object_get(value, step);
        cr_assert_not_null(value, "no %s of %s", step, path);
    }
    free(copy);
    return value;
}

static const char *text_at(const json_t *value, const char *path)
{
    const char *string = json_string_value(at(value, path));
    cr_assert_not_null(string, "%s is no string", path);
    return string;
}

static long number_at(const json_t *value, const char *path)
{
    cr_assert(json_is_integer(at(value, path)), "%s is no number", path);
    return (long)json_integer_value(at(value, path));
}

/* place */

Test(formats_ci, paths_are_relative_to_the_checkout)
{
    static const struct { const char *path, *expected; bool inside; } rows[] = {
        {"/src/app/conn.c", "conn.c", true},           {"/src/app/./a//b.c", "a/b.c", true},
        {"/src/app/build/../a.c", "a.c", true},        {"/src/application/a.c", "/src/application/a.c", false},
        {"/src/app/../lib/a.c", "/src/lib/a.c", false}, {"a/../b.c", "b.c", true},
        {"./a.c", "a.c", true},                         {"../csu/a.c", "../csu/a.c", false},
        {"a/../../b.c", "../b.c", false},               {"../../x/../a.c", "../../a.c", false},
        {"/..//../a.c", "/a.c", false},                 {"/link/app/a.c", "a.c", true},
        {"", "", false},                                {"..", "..", false},
        {"/", "/", false},                              {"..a/b.c", "..a/b.c", true},
    };
    struct checkout checkout = {.roots = {"/src/app", "/link/app"}, .count = 2};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool inside;
        char *path = checkout_path(&checkout, rows[i].path, &inside);
        cr_assert_str_eq(path, rows[i].expected);
        cr_assert_eq(inside, rows[i].inside, "%s", rows[i].path);
        free(path);
    }
}

Test(formats_ci, the_checkout_is_the_folder_around_us)
{
    struct checkout checkout;
    char *here = getcwd(NULL, 0);
    checkout_find(&checkout);
    cr_assert_str_eq(checkout.roots[0], here);
    checkout_free(&checkout);
    setenv("GITHUB_WORKSPACE", text("%s/tests/..//", here), 1);
    cr_assert_eq(chdir("tests"), 0);
    checkout_find(&checkout);
    cr_assert_str_eq(checkout.roots[0], here, "a folder around the current one is the checkout");
    checkout_free(&checkout);
    setenv("GITHUB_WORKSPACE", "/nowhere", 1);
    checkout_find(&checkout);
    cr_assert_str_eq(checkout.roots[0], text("%s/tests", here), "one somewhere else is not");
    checkout_free(&checkout);
    free(here);
}

/* sarif */

Test(formats_ci, sarif_lists_rules_and_results)
{
    tell_a_story();
    json_t *log = render_json("sarif");
    cr_assert_str_eq(text_at(log, "version"), "2.1.0");
    const json_t *results = at(log, "runs/0/results"), *list = at(log, "runs/0/tool/driver/rules");
    cr_assert_eq(json_array_size(results), 3);
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *result = json_array_get(results, i);
        const json_t *rule = json_array_get(list, (size_t)number_at(result, "ruleIndex"));
        cr_assert_str_eq(text_at(rule, "id"), text_at(result, "ruleId"));
        cr_assert_str_eq(text_at(rule, "defaultConfiguration/level"), text_at(result, "level"));
        const json_t *prints = at(result, "partialFingerprints");
        cr_assert_eq(strlen(json_string_value(json_object_get(prints, "fdtrace/v1"))), 16);
    }
    cr_assert_str_eq(text_at(results, "0/locations/0/physicalLocation/artifactLocation/uri"), "file:///srv/app");
    cr_assert(json_is_true(at(log, "runs/0/invocations/0/executionSuccessful")));
    json_decref(log);
}

/* The result of that rule, of the demo's. */
static const json_t *result_of(const json_t *log, const char *rule)
{
    const json_t *results = at(log, "runs/0/results");
    for (size_t i = 0; i < json_array_size(results); i++)
        if (strcmp(text_at(json_array_get(results, i), "ruleId"), rule) == 0)
            return json_array_get(results, i);
    cr_assert_fail("no result of %s", rule);
    return NULL;
}

Test(formats_ci, sarif_points_at_the_checkout_and_tells_the_way)
{
    json_t *log = json_load_file(demo("sarif"), JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(log);
    const json_t *twice = result_of(log, "double-close"), *place = at(twice, "locations/0/physicalLocation");
    cr_assert_str_eq(text_at(place, "artifactLocation/uri"), "tests/demo/server.c");
    cr_assert_str_eq(text_at(place, "artifactLocation/uriBaseId"), "%SRCROOT%");
    cr_assert_gt(number_at(place, "region/startLine"), 0);
    cr_assert_str_eq(text_at(twice, "locations/0/logicalLocations/0/fullyQualifiedName"), "main");
    cr_assert_eq(json_array_size(at(twice, "relatedLocations")), 2);
    cr_assert_str_eq(text_at(twice, "relatedLocations/0/message/text"), "death: close() in log_finish()");
    cr_assert_eq(json_array_size(at(twice, "stacks")), 3);
    const json_t *steps = at(twice, "codeFlows/0/threadFlows/0/locations");
    static const char *const functions[] = {"main", "log_open", "main", "log_finish", "main"};
    cr_assert_eq(json_array_size(steps), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *step = json_array_get(steps, i);
        cr_assert_str_eq(text_at(step, "location/logicalLocations/0/fullyQualifiedName"), functions[i]);
        cr_assert_eq(number_at(step, "executionOrder"), (long)i + 1);
    }
    cr_assert_eq(number_at(result_of(log, "leak-at-exit"), "occurrenceCount"), 4);
    json_decref(log);
}

Test(formats_ci, sarif_says_what_was_not_watched)
{
    json_t *log = render_json("sarif");
    const json_t *invocation = at(log, "runs/0/invocations/0");
    cr_assert(json_is_false(at(invocation, "executionSuccessful")));
    cr_assert_str_eq(text_at(invocation, "toolExecutionNotifications/0/level"), "error");
    json_decref(log);
}

/* junit */

/* Writes text as a file of the scratch folder; the path lives until the next call. */
static const char *keep(const char *written)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s", gate_write(session, "written", written));
    return path;
}

/* What xmllint finds at an XPath in the file, without the newline at its end; malloc'd. */
static char *xpath(const char *path, const char *expression)
{
    char *found = output_of((const char *const[]){"xmllint", "--nonet", "--xpath", expression, path, NULL});
    found[strcspn(found, "\n")] = '\0';
    return found;
}

static void expect_xpath(const char *path, const char *expression, const char *expected)
{
    char *found = xpath(path, expression);
    cr_expect_str_eq(found, expected, "%s is '%s', not '%s'", expression, found, expected);
    free(found);
}

Test(formats_ci, junit_fails_what_errs_and_passes_notes)
{
    tell_a_story();
    char *written = render("junit");
    const char *path = keep(written);
    free(written);
    expect_xpath(path, "count(/testsuites/testsuite)", "1");
    expect_xpath(path, "string(/testsuites/testsuite/@name)", "/srv/app");
    expect_xpath(path, "string(/testsuites/@tests)", "3");
    expect_xpath(path, "string(/testsuites/@failures)", "2");
    expect_xpath(path, "count(//testcase[failure/@type='leak-at-exit'])", "2");
    expect_xpath(path, "count(//testcase[not(failure)][system-out])", "1");
    expect_xpath(path, "count(//testcase[@name=preceding::testcase/@name])", "0");
}

Test(formats_ci, junit_points_at_the_checkout)
{
    const char *path = demo("junit"), *twice = "//testcase[failure/@type='double-close']";
    expect_xpath(path, text("string(%s/@file)", twice), "tests/demo/server.c");
    expect_xpath(path, text("%s/@line > 0", twice), "true");
    expect_xpath(path, text("contains(%s/failure, 'death: close() in log_finish()')", twice), "true");
    expect_xpath(path, text("starts-with(%s/@name, 'double-close in main() [')", twice), "true");
    expect_xpath(path, text("string(%s/@classname)", twice), "server");
}

Test(formats_ci, junit_of_a_clean_program_is_a_test_that_passed)
{
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_death(&maker, 3, maker_site_at(&maker, "close", 0x200));
    maker_exit(&maker, 0);
    char *written = render("junit");
    const char *path = keep(written);
    free(written);
    expect_xpath(path, "string(/testsuites/@tests)", "1");
    expect_xpath(path, "count(//testcase[not(*)])", "1");
    expect_xpath(path, "count(//failure) + count(//error)", "0");
}

Test(formats_ci, junit_says_what_was_not_watched)
{
    char *written = render("junit");
    const char *path = keep(written);
    free(written);
    expect_xpath(path, "string(/testsuites/@errors)", "1");
    expect_xpath(path, "count(//error)", "1");
}
