/*
 * The formats of continuous integration: each is read by a parser of its own kind, and says what the finding says.
 * Hostile names have a test of their own.
 */
#include "format_support.h"
#include "gate_support.h"
#include "model.h"
#include "out/place.h"
#include "report.h"
#include "segment_maker.h"

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

static json_t *render_json(const char *format)
{
    char *written = render(format);
    json_t *value = format_parse(written);
    free(written);
    return value;
}

/* Writes text as a file of the scratch folder; the path lives until the next call. */
static const char *keep(const char *written)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s", gate_write(session, "written", written));
    return path;
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

/* A leaked file, and the same file closed twice. */
static void tell_a_story(void)
{
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_birth(&maker, 4, maker_site_at(&maker, "socket", 0x200), FDT_SOCKET_UNIX, NULL, FDT_CLOEXEC);
    maker_birth(&maker, 5, maker_site_at(&maker, "socket", 0x300), FDT_SOCKET_INET, NULL, 0);
    maker_death(&maker, 5, maker_site_at(&maker, "close", 0x400));
    maker_exit(&maker, 0);
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
    cr_assert_str_eq(format_text_at(log, "version"), "2.1.0");
    const json_t *results = format_at(log, "runs/0/results"), *list = format_at(log, "runs/0/tool/driver/rules");
    cr_assert_eq(json_array_size(results), 3);
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *result = json_array_get(results, i);
        const json_t *rule = json_array_get(list, (size_t)format_number_at(result, "ruleIndex"));
        cr_assert_str_eq(format_text_at(rule, "id"), format_text_at(result, "ruleId"));
        cr_assert_str_eq(format_text_at(rule, "defaultConfiguration/level"), format_text_at(result, "level"));
        const json_t *prints = format_at(result, "partialFingerprints");
        cr_assert_eq(strlen(json_string_value(json_object_get(prints, "fdtrace/v1"))), 16);
    }
    cr_assert_str_eq(format_text_at(results, "0/locations/0/physicalLocation/artifactLocation/uri"), "file:///srv/app");
    cr_assert(json_is_true(format_at(log, "runs/0/invocations/0/executionSuccessful")));
    json_decref(log);
}

/* The result of that rule, of the demo's. */
static const json_t *result_of(const json_t *log, const char *rule)
{
    const json_t *results = format_at(log, "runs/0/results");
    for (size_t i = 0; i < json_array_size(results); i++)
        if (strcmp(format_text_at(json_array_get(results, i), "ruleId"), rule) == 0)
            return json_array_get(results, i);
    cr_assert_fail("no result of %s", rule);
    return NULL;
}

Test(formats_ci, sarif_points_at_the_checkout_and_tells_the_way)
{
    json_t *log = json_load_file(demo("sarif"), JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(log);
    const json_t *twice = result_of(log, "double-close"), *place = format_at(twice, "locations/0/physicalLocation");
    cr_assert_str_eq(format_text_at(place, "artifactLocation/uri"), "tests/demo/server.c");
    cr_assert_str_eq(format_text_at(place, "artifactLocation/uriBaseId"), "%SRCROOT%");
    cr_assert_gt(format_number_at(place, "region/startLine"), 0);
    cr_assert_str_eq(format_text_at(twice, "locations/0/logicalLocations/0/fullyQualifiedName"), "main");
    cr_assert_eq(json_array_size(format_at(twice, "relatedLocations")), 2);
    cr_assert_str_eq(format_text_at(twice, "relatedLocations/0/message/text"), "death: close() in log_finish()");
    cr_assert_eq(json_array_size(format_at(twice, "stacks")), 3);
    const json_t *steps = format_at(twice, "codeFlows/0/threadFlows/0/locations");
    static const char *const functions[] = {"main", "log_open", "main", "log_finish", "main"};
    cr_assert_eq(json_array_size(steps), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *step = json_array_get(steps, i);
        cr_assert_str_eq(format_text_at(step, "location/logicalLocations/0/fullyQualifiedName"), functions[i]);
        cr_assert_eq(format_number_at(step, "executionOrder"), (long)i + 1);
    }
    cr_assert_eq(format_number_at(result_of(log, "leak-at-exit"), "occurrenceCount"), 4);
    json_decref(log);
}

Test(formats_ci, sarif_says_what_was_not_watched)
{
    json_t *log = render_json("sarif");
    const json_t *invocation = format_at(log, "runs/0/invocations/0");
    cr_assert(json_is_false(format_at(invocation, "executionSuccessful")));
    cr_assert_str_eq(format_text_at(invocation, "toolExecutionNotifications/0/level"), "error");
    json_decref(log);
}

/* junit */

Test(formats_ci, junit_fails_what_errs_and_passes_notes)
{
    tell_a_story();
    char *written = render("junit");
    const char *path = keep(written);
    free(written);
    format_expect_xpath(path, "count(/testsuites/testsuite)", "1");
    format_expect_xpath(path, "string(/testsuites/testsuite/@name)", "/srv/app");
    format_expect_xpath(path, "string(/testsuites/@tests)", "3");
    format_expect_xpath(path, "string(/testsuites/@failures)", "2");
    format_expect_xpath(path, "count(//testcase[failure/@type='leak-at-exit'])", "2");
    format_expect_xpath(path, "count(//testcase[not(failure)][system-out])", "1");
    format_expect_xpath(path, "count(//testcase[@name=preceding::testcase/@name])", "0");
}

Test(formats_ci, junit_points_at_the_checkout)
{
    const char *path = demo("junit"), *twice = "//testcase[failure/@type='double-close']";
    format_expect_xpath(path, text("string(%s/@file)", twice), "tests/demo/server.c");
    format_expect_xpath(path, text("%s/@line > 0", twice), "true");
    format_expect_xpath(path, text("contains(%s/failure, 'death: close() in log_finish()')", twice), "true");
    format_expect_xpath(path, text("starts-with(%s/@name, 'double-close in main() [')", twice), "true");
    format_expect_xpath(path, text("string(%s/@classname)", twice), "server");
}

Test(formats_ci, junit_of_a_clean_program_is_a_test_that_passed)
{
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_death(&maker, 3, maker_site_at(&maker, "close", 0x200));
    maker_exit(&maker, 0);
    char *written = render("junit");
    const char *path = keep(written);
    free(written);
    format_expect_xpath(path, "string(/testsuites/@tests)", "1");
    format_expect_xpath(path, "count(//testcase[not(*)])", "1");
    format_expect_xpath(path, "count(//failure) + count(//error)", "0");
}

Test(formats_ci, junit_says_what_was_not_watched)
{
    char *written = render("junit");
    const char *path = keep(written);
    free(written);
    format_expect_xpath(path, "string(/testsuites/@errors)", "1");
    format_expect_xpath(path, "count(//error)", "1");
}

/* github */

Test(formats_ci, github_annotates_the_checkout)
{
    char *written = format_read_file(demo("github"));
    char *line = strstr(written, "title=double-close");
    struct format_command command;
    cr_assert_not_null(line, "%s", written);
    while (line > written && line[-1] != '\n')
        line--;
    line[strcspn(line, "\n")] = '\0';
    cr_assert(format_read_command(line, &command));
    cr_assert_str_eq(command.level, "error");
    cr_assert_str_eq(command.file, "tests/demo/server.c");
    cr_assert_gt(atoi(command.line), 0);
    cr_assert_not_null(strstr(command.data, "closed again by close() in main()"));
    cr_assert_not_null(strstr(command.data, "\nhelp: "));
    free(command.data);
    free(written);
}

/* Leaks of so many places. */
static void leak_from(int places)
{
    for (int i = 0; i < places; i++)
        maker_birth(&maker, 3 + i, maker_site_at(&maker, "open", 0x100 + 0x10 * (uint64_t)i), FDT_FILE, "/etc/passwd",
                    FDT_CLOEXEC);
    maker_exit(&maker, 0);
}

Test(formats_ci, github_annotates_the_worst_ten_and_lists_all)
{
    leak_from(13);
    const char *path = gate_write(session, "summary", "what another command said");
    setenv("GITHUB_STEP_SUMMARY", path, 1);
    char *written = render("github"), *summary = format_read_file(getenv("GITHUB_STEP_SUMMARY"));
    cr_assert_eq(format_count_commands(written, "error"), 10);
    cr_assert_not_null(strstr(written, "3 more errors"), "%s", written);
    cr_assert_eq(strncmp(summary, "what another command said\n", 26), 0);
    size_t rows = 0;
    for (const char *row = summary; (row = strstr(row, "<tr><td>error</td>")) != NULL; row++)
        rows++;
    cr_assert_eq(rows, 13);
    cr_assert_not_null(strstr(summary, "### fdtrace: 13 errors\n"), "%s", summary);
    free(summary);
    free(written);
}

Test(formats_ci, github_says_when_there_is_no_summary)
{
    leak_from(1);
    setenv("GITHUB_STEP_SUMMARY", "/nowhere/at/all", 1);
    char *written = render("github");
    cr_assert_eq(format_count_commands(written, "warning"), 1);
    cr_assert_not_null(strstr(written, "cannot write the summary"), "%s", written);
    free(written);
}

Test(formats_ci, github_says_what_was_not_watched)
{
    char *written = render("github");
    cr_assert_eq(format_count_commands(written, "error"), 1, "%s", written);
    free(written);
}

/* gitlab */

Test(formats_ci, gitlab_has_what_its_widget_wants)
{
    json_t *list = json_load_file(demo("gitlab"), JSON_REJECT_DUPLICATES, NULL);
    cr_assert(json_is_array(list));
    cr_assert_geq(json_array_size(list), 3);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *finding = json_array_get(list, i);
        cr_assert_neq(format_text_at(finding, "description")[0], '\0');
        cr_assert_eq(strlen(format_text_at(finding, "fingerprint")), 16);
        cr_assert_str_eq(format_text_at(finding, "location/path"), "tests/demo/server.c");
        cr_assert_gt(format_number_at(finding, "location/lines/begin"), 1);
        bool note = strcmp(format_text_at(finding, "check_name"), "missing-cloexec") == 0;
        cr_assert_str_eq(format_text_at(finding, "severity"), note ? "info" : "major");
    }
    json_decref(list);
}

Test(formats_ci, gitlab_says_what_was_not_watched)
{
    json_t *list = render_json("gitlab");
    cr_assert_eq(json_array_size(list), 1);
    cr_assert_str_eq(format_text_at(list, "0/severity"), "blocker");
    json_decref(list);
}

Test(formats_ci, gitlab_fingerprints_are_unique)
{
    leak_from(3);
    json_t *list = render_json("gitlab");
    cr_assert_eq(json_array_size(list), 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(format_text_at(json_array_get(list, i), "fingerprint"),
                              format_text_at(json_array_get(list, j), "fingerprint"));
    cr_assert_eq(format_number_at(list, "0/location/lines/begin"), 1, "a line is asked for, known or not");
    json_decref(list);
}

/* csv */

Test(formats_ci, csv_has_a_row_for_each_descriptor)
{
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    maker_birth(&maker, 3, site, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_birth(&maker, 4, site, FDT_FILE, "a,\"b\"", FDT_CLOEXEC);
    maker_exit(&maker, 0);
    char *written = render("csv");
    cr_assert_not_null(strstr(written, "\r\n"));
    json_t *rows = format_csv_rows(keep(written));
    cr_assert_eq(json_array_size(rows), 2);
    cr_assert_str_eq(format_text_at(rows, "0/rule"), "leak-at-exit");
    cr_assert_str_eq(format_text_at(rows, "0/name"), "/etc/passwd");
    cr_assert_str_eq(format_text_at(rows, "1/name"), "a,\"b\"");
    cr_assert_str_eq(format_text_at(rows, "1/fd"), "4");
    cr_assert_str_eq(format_text_at(rows, "1/count"), "2");
    cr_assert_str_eq(format_text_at(rows, "1/call"), "open");
    cr_assert_str_eq(format_text_at(rows, "1/born"), "0.002000");
    json_decref(rows);
    free(written);
}

Test(formats_ci, csv_holds_no_formulas)
{
    static const struct { const char *name, *cell; } rows[] = {
        {"=1+1", "'=1+1"}, {"+1", "'+1"}, {"-1", "'-1"}, {"@a", "'@a"}, {"'a", "''a"}, {"\t=1", "\\t=1"},
        {"\uff1d1", "'\uff1d1"}, {"a=1", "a=1"}};
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    size_t count = sizeof(rows) / sizeof(rows[0]);
    for (size_t i = 0; i < count; i++)
        maker_birth(&maker, 3 + (int)i, site, FDT_FILE, rows[i].name, FDT_CLOEXEC);
    maker_exit(&maker, 0);
    char *written = render("csv");
    json_t *table = format_csv_rows(keep(written));
    for (size_t i = 0; i < count; i++)
        cr_assert_str_eq(format_text_at(json_array_get(table, i), "name"), rows[i].cell);
    json_decref(table);
    free(written);
}

Test(formats_ci, csv_says_what_was_not_watched)
{
    const char *column;
    json_t *cell;
    char *written = render("csv");
    json_t *rows = format_csv_rows(keep(written));
    cr_assert_eq(json_array_size(rows), 1);
    cr_assert_not_null(strstr(format_text_at(rows, "0/message"), "nothing was recorded"));
    json_object_foreach (json_array_get(rows, 0), column, cell)
        cr_assert(json_is_string(cell), "the row has a cell for %s", column);
    json_decref(rows);
    free(written);
}

/* the schema of the JSON documents */

/* By Debian's own Python, which has the module whatever is first in PATH. What is wrong, malloc'd; NULL: nothing. */
static char *misfit(const char *path)
{
    static const char code[] =
        "import json, sys\n"
        "try:\n"
        "    from jsonschema import Draft202012Validator as Validator\n"
        "except ImportError:\n"
        "    sys.exit(77)\n"
        "schema = json.load(open('analyzer/out/fdtrace.schema.json'))\n"
        "Validator.check_schema(schema)\n"
        "errors = list(Validator(schema).iter_errors(json.load(open(sys.argv[1]))))\n"
        "print('\\n'.join('%s: %s' % (list(error.absolute_path), error.message[:300]) for error in errors))\n"
        "sys.exit(1 if errors else 0)\n";
    const char *const argv[] = {"/usr/bin/python3", "-c", code, path, NULL};
    struct outcome outcome = run(&(struct run){.argv = argv});
    int status = outcome_code(&outcome);
    if (status == 77)
        cr_skip_test("python3-jsonschema is missing");
    cr_assert(status <= 1 && outcome.err[0] == '\0', "%s", outcome.err);
    free(outcome.err);
    if (status == 1)
        return outcome.out;
    free(outcome.out);
    return NULL;
}

static void expect_valid(const char *path, const char *what)
{
    char *errors = misfit(path);
    cr_expect_null(errors, "%s does not fit the schema: %s", what, errors);
    free(errors);
}

Test(formats_ci, real_reports_fit_the_schema)
{
    static const char *const programs[] = {
        "tests/demo/server",         "tests/victims/exec_leak_popen", "tests/victims/use_after_close",
        "tests/victims/rights_leak", "tests/victims/leak_kinds",      "tests/victims/leak_syscall",
        "tests/victims/limit_hit",   "tests/gate/embedded",           "tests/gate/many_ways",
        "tests/run/scrubs",          "tests/run/terminated"};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (access(built(programs[i]), X_OK) != 0)
            cr_assert_fail("no %s", programs[i]);
        char output[160];
        snprintf(output, sizeof(output), "json:%s/report.json", session);
        struct outcome outcome =
            FDTRACE("run", "-o", output, "--fail-on=double-close", "--", built(programs[i]));
        outcome_free(&outcome);
        expect_valid(output + strlen("json:"), programs[i]);
    }
}

Test(formats_ci, what_ls_and_why_write_fits_the_schema)
{
    static const char script[] = "exec 5</etc/passwd; \"$0\" ls --format=json $$ >\"$1/ls\"; "
                                 "\"$0\" ls --format=json $PPID >\"$1/untraced\"; "
                                 "\"$0\" why --format=json $$ 5 >\"$1/why\"";
    char path[3][128];
    static const char *const names[] = {"ls", "untraced", "why"};
    for (int i = 0; i < 3; i++)
        snprintf(path[i], sizeof(path[i]), "%s/%s", session, names[i]);
    const char *const argv[] = {"sh", "-c", script, built("fdtrace"), session, NULL};
    struct outcome outcome = run(&(struct run){.argv = argv, .tracing = PRELOADED, .options = "report=none"});
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    outcome_free(&outcome);
    for (int i = 0; i < 3; i++)
        expect_valid(path[i], names[i]);
    json_t *ls = json_load_file(path[0], 0, NULL);
    cr_assert(json_is_true(format_at(ls, "traced")), "the rows of a traced process are to be seen, too");
    json_decref(ls);
}

Test(formats_ci, the_schema_refuses_what_is_no_report)
{
    const char *path = demo("json");
    json_t *report = json_load_file(path, 0, NULL);
    json_t *finding = json_array_get(json_object_get(report, "findings"), 0);
    json_object_set_new(finding, "severity", json_string("fatal"));
    cr_assert_eq(json_dump_file(report, path, 0), 0);
    char *errors = misfit(path);
    cr_assert(errors != NULL && strstr(errors, "'severity'") != NULL, "%s", errors);
    free(errors);
    json_object_set_new(finding, "severity", json_string("error"));
    json_object_del(finding, "fingerprint");
    cr_assert_eq(json_dump_file(report, path, 0), 0);
    errors = misfit(path);
    cr_assert(errors != NULL && strstr(errors, "'fingerprint' is a required property") != NULL, "%s", errors);
    free(errors);
    json_decref(report);
}

Test(formats_ci, the_schema_knows_every_kind)
{
    json_t *schema = json_load_file("analyzer/out/fdtrace.schema.json", JSON_REJECT_DUPLICATES, NULL);
    const json_t *kinds = json_object_get(format_at(schema, "$defs/kind"), "enum");
    for (int kind = FDT_FILE; kind < FDT_KIND_COUNT; kind++)
        cr_expect_str_eq(json_string_value(json_array_get(kinds, (size_t)kind - FDT_FILE)), kind_name(kind));
    cr_expect_eq(json_array_size(kinds), FDT_KIND_COUNT - FDT_FILE);
    json_decref(schema);
}
