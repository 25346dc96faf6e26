/*
 * The formats of continuous integration: each is read by a parser of its own kind, and says what the finding says. How they
 * deal with names somebody chose to do harm stands in one table at the end.
 */
#include "escape.h"
#include "gate_support.h"
#include "model.h"
#include "out/place.h"
#include "report.h"
#include "segment_maker.h"
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* github */

/* A workflow command as the runner reads it: properties and data, decoded. */
struct command {
    char level[16], file[256], line[16], title[64], *data;
};

static void decode(char *text, bool property)
{
    static const struct { const char *code; char byte; bool data; } codes[] = {
        {"%0D", '\r', true}, {"%0A", '\n', true}, {"%3A", ':', false}, {"%2C", ',', false}, {"%25", '%', true}};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        for (char *found = text; (property || codes[i].data) && (found = strstr(found, codes[i].code)) != NULL; found++) {
            *found = codes[i].byte;
            memmove(found + 1, found + 3, strlen(found + 3) + 1);
        }
}

/* False: the runner sees no command in that line. */
static bool read_command(const char *line, struct command *command)
{
    line += strspn(line, " \t");
    const char *end = strncmp(line, "::", 2) == 0 ? strstr(line + 2, "::") : NULL;
    *command = (struct command){.data = NULL};
    if (end == NULL)
        return false;
    char *head = strndup(line + 2, (size_t)(end - line - 2)), *rest = NULL;
    command->data = strdup(end + 2);
    decode(command->data, false);
    snprintf(command->level, sizeof(command->level), "%.*s", (int)strcspn(head, " "), head);
    for (char *pair = strtok_r(head + strcspn(head, " "), ",", &rest); pair != NULL; pair = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(pair, '=');
        cr_assert_not_null(value, "'%s' is no property", pair);
        *value++ = '\0';
        decode(value, true);
        pair += strspn(pair, " ");
        if (strcmp(pair, "file") == 0)
            snprintf(command->file, sizeof(command->file), "%s", value);
        else if (strcmp(pair, "line") == 0)
            snprintf(command->line, sizeof(command->line), "%s", value);
        else if (strcmp(pair, "title") == 0)
            snprintf(command->title, sizeof(command->title), "%s", value);
        else
            cr_assert_fail("unknown property %s", pair);
    }
    free(head);
    return true;
}

/* How many commands of that level there are in what was written; NULL: of any. */
static size_t count_commands(const char *written, const char *level)
{
    char *copy = strdup(written), *rest = NULL;
    size_t count = 0;
    for (char *line = strtok_r(copy, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest)) {
        struct command command;
        if (read_command(line, &command) && (level == NULL || strcmp(command.level, level) == 0))
            count++;
        free(command.data);
    }
    free(copy);
    return count;
}

static char *read_file(const char *path)
{
    char *content = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file, "%s: %s", path, strerror(errno));
    ssize_t length = getdelim(&content, &room, '\0', file);
    fclose(file);
    cr_assert_geq(length, 0, "%s is empty", path);
    return content;
}

Test(formats_ci, github_annotates_the_checkout)
{
    char *written = read_file(demo("github"));
    char *line = strstr(written, "title=double-close");
    struct command command;
    cr_assert_not_null(line, "%s", written);
    while (line > written && line[-1] != '\n')
        line--;
    line[strcspn(line, "\n")] = '\0';
    cr_assert(read_command(line, &command));
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
    char *written = render("github"), *summary = read_file(getenv("GITHUB_STEP_SUMMARY"));
    cr_assert_eq(count_commands(written, "error"), 10);
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
    cr_assert_eq(count_commands(written, "warning"), 1);
    cr_assert_not_null(strstr(written, "cannot write the summary"), "%s", written);
    free(written);
}

Test(formats_ci, github_says_what_was_not_watched)
{
    char *written = render("github");
    cr_assert_eq(count_commands(written, "error"), 1, "%s", written);
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
        cr_assert_neq(text_at(finding, "description")[0], '\0');
        cr_assert_eq(strlen(text_at(finding, "fingerprint")), 16);
        cr_assert_str_eq(text_at(finding, "location/path"), "tests/demo/server.c");
        cr_assert_gt(number_at(finding, "location/lines/begin"), 1);
        bool note = strcmp(text_at(finding, "check_name"), "missing-cloexec") == 0;
        cr_assert_str_eq(text_at(finding, "severity"), note ? "info" : "major");
    }
    json_decref(list);
}

Test(formats_ci, gitlab_says_what_was_not_watched)
{
    json_t *list = render_json("gitlab");
    cr_assert_eq(json_array_size(list), 1);
    cr_assert_str_eq(text_at(list, "0/severity"), "blocker");
    json_decref(list);
}

Test(formats_ci, gitlab_fingerprints_are_unique)
{
    leak_from(3);
    json_t *list = render_json("gitlab");
    cr_assert_eq(json_array_size(list), 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_str_neq(text_at(json_array_get(list, i), "fingerprint"),
                              text_at(json_array_get(list, j), "fingerprint"));
    cr_assert_eq(number_at(list, "0/location/lines/begin"), 1, "a line is asked for, known or not");
    json_decref(list);
}

/* csv */

/* The rows as Python reads them: an array of objects, one member a column. */
static json_t *csv_rows(const char *written)
{
    static const char code[] = "import csv, json, sys\n"
                               "with open(sys.argv[1], newline='', encoding='utf-8') as file:\n"
                               "    print(json.dumps(list(csv.DictReader(file, strict=True))))\n";
    char *rows = output_of((const char *const[]){"python3", "-c", code, keep(written), NULL});
    json_t *value = parse(rows);
    free(rows);
    return value;
}

Test(formats_ci, csv_has_a_row_for_each_descriptor)
{
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    maker_birth(&maker, 3, site, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_birth(&maker, 4, site, FDT_FILE, "a,\"b\"", FDT_CLOEXEC);
    maker_exit(&maker, 0);
    char *written = render("csv");
    cr_assert_not_null(strstr(written, "\r\n"));
    json_t *rows = csv_rows(written);
    cr_assert_eq(json_array_size(rows), 2);
    cr_assert_str_eq(text_at(rows, "0/rule"), "leak-at-exit");
    cr_assert_str_eq(text_at(rows, "0/name"), "/etc/passwd");
    cr_assert_str_eq(text_at(rows, "1/name"), "a,\"b\"");
    cr_assert_str_eq(text_at(rows, "1/fd"), "4");
    cr_assert_str_eq(text_at(rows, "1/count"), "2");
    cr_assert_str_eq(text_at(rows, "1/call"), "open");
    cr_assert_str_eq(text_at(rows, "1/born"), "0.002000");
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
    json_t *table = csv_rows(written);
    for (size_t i = 0; i < count; i++)
        cr_assert_str_eq(text_at(json_array_get(table, i), "name"), rows[i].cell);
    json_decref(table);
    free(written);
}

Test(formats_ci, csv_says_what_was_not_watched)
{
    const char *column;
    json_t *cell;
    char *written = render("csv");
    json_t *rows = csv_rows(written);
    cr_assert_eq(json_array_size(rows), 1);
    cr_assert_not_null(strstr(text_at(rows, "0/message"), "nothing was recorded"));
    json_object_foreach (json_array_get(rows, 0), column, cell)
        cr_assert(json_is_string(cell), "the row has a cell for %s", column);
    json_decref(rows);
    free(written);
}

/* the schema of the JSON documents */

/* Debian's own Python, which has the module whatever else is first in PATH. Says what is wrong; NULL: nothing. malloc'd. */
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
    struct outcome outcome = run(&(struct run){.argv = (const char *const[]){"/usr/bin/python3", "-c", code, path, NULL}});
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
                                 "\"$0\" ls --format=json $PPID >\"$1/untraced\"; \"$0\" why --format=json $$ 5 >\"$1/why\"";
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
    cr_assert(json_is_true(at(ls, "traced")), "the rows of a traced process are to be seen, too");
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
    const json_t *kinds = json_object_get(at(schema, "$defs/kind"), "enum");
    for (int kind = FDT_FILE; kind < FDT_KIND_COUNT; kind++)
        cr_expect_str_eq(json_string_value(json_array_get(kinds, (size_t)kind - FDT_FILE)), kind_name(kind));
    cr_expect_eq(json_array_size(kinds), FDT_KIND_COUNT - FDT_FILE);
    json_decref(schema);
}

/* hostile names */

/* In all of it: the file that leaks, the program, its arguments, a function and a source file. */
static const struct { const char *what, *name; } hostile[] = {
    {"commands of a terminal", "\033[2J\033]0;owned\007\b\177"},
    {"C1 controls", "\xc2\x9b" "31m\xc2\x85"},
    {"lines", "a\n::error file=x::owned\r\n##[error]owned\r::stop-commands::x\n"},
    {"a command of GitHub's runner", "::error file=x,line=1::owned"},
    {"one after a blank", "a ::warning title=b::owned  ::add-mask::c"},
    {"an encoded one", "%0A::error::owned%0D%250A::notice::%3A%2C"},
    {"an old one", "##[error]owned ###[add-mask]owned"},
    {"properties of a command", "a,line=99,title=b::c:d"},
    {"a script", "<script>alert(1)</script><img src=x onerror=alert(2)>"},
    {"entities and sections", "&lt;&#60;&x; ]]> <!-- --> <![CDATA[ <?x ?> <!DOCTYPE a SYSTEM 'b'>"},
    {"quotes", "\"'`\"\"''\\\"\\'"},
    {"a formula", "=HYPERLINK(\"http://x\",\"y\")"},
    {"another", "@SUM(1+1)*cmd|' /C calc'!A0"},
    {"links and tables", "[a](http://x) | b | ![c](http://y) {0} {{1}}"},
    {"no UTF-8", "\xff\xfe\xc0\xaf\xed\xa0\x80\xf5\x80"},
    {"no character of XML", "\xef\xbf\xbe\xef\xbf\xbf\x01\x0b\x1f"},
    {"characters that turn text around", "\xe2\x80\xae" "gpj.exe\xe2\x81\xa6\xe2\x80\xa8"},
    {"directions for printf", "%s%n%d%1$s%99999d"},
    {"4 KiB", NULL},
};
enum { LONGEST = 4000, FORMATS = 7 };

static const char *const formats[FORMATS] = {"text", "json", "sarif", "junit", "github", "gitlab", "csv"};

/* The name a row stands for: `most` bytes at most, without what no path can hold. malloc'd. */
static char *hostile_name(size_t row, size_t most)
{
    char *name = malloc(LONGEST + 1);
    if (hostile[row].name == NULL)
        snprintf(name, LONGEST + 1, "%0*d", LONGEST, 0);
    else
        snprintf(name, LONGEST + 1, "%s", hostile[row].name);
    name[strlen(name) < most ? strlen(name) : most] = '\0';
    for (char *byte = name; *byte != '\0'; byte++)
        if (*byte == '/')
            *byte = '|';
    return name;
}

/* Writes name over each placeholder: `part`, over and over. */
static size_t overwrite(char *memory, size_t size, const char *part, const char *name)
{
    size_t count = 0, step = strlen(part);
    for (char *found = memory; (found = memmem(found, size - (size_t)(found - memory), part, step)) != NULL; count++) {
        char *start = found;
        while (found + step <= memory + size && memcmp(found, part, step) == 0)
            found += step;
        cr_assert_gt((size_t)(found - start), strlen(name));
        strcpy(start, name);
    }
    return count;
}

/* A copy of tests/formats/names at path, with this name for its function and its source. */
static void forge(const char *path, const char *name)
{
    char *memory = NULL;
    size_t size = 0;
    FILE *in = fopen(built("tests/formats/names"), "re"), *copy = open_memstream(&memory, &size);
    for (int byte; (byte = getc(in)) != EOF;)
        putc(byte, copy);
    fclose(in);
    fclose(copy);
    cr_assert_gt(overwrite(memory, size, "FUNCTION_OF_NAME", name), 0);
    cr_assert_gt(overwrite(memory, size, "SOURCE_WITH_NAME", name), 0);
    FILE *out = fopen(path, "we");
    cr_assert_not_null(out, "%s: %s", path, strerror(errno));
    fwrite(memory, 1, size, out);
    fclose(out);
    cr_assert_eq(chmod(path, 0700), 0);
    free(memory);
}

/* Leaves session/FORMAT of each format, and session/summary: what is told of a program in which all has this name. */
static void report_hostile(size_t row)
{
    char *name = hostile_name(row, LONGEST), *component = hostile_name(row, 200);
    char program[512], file[512], outputs[FORMATS][128];
    const char *argv[32] = {built("fdtrace"), "run"};
    size_t count = 2;
    snprintf(program, sizeof(program), "%s/p%s", session, component);
    snprintf(file, sizeof(file), "%s/%s", session, component);
    forge(program, name);
    fclose(fopen(file, "we"));
    for (size_t i = 0; i < FORMATS; i++) {
        snprintf(outputs[i], sizeof(outputs[i]), "-o%s:%s/%s", formats[i], session, formats[i]);
        argv[count++] = outputs[i];
    }
    const char *const rest[] = {"--", program, file, name, NULL};
    memcpy(argv + count, rest, sizeof(rest));
    char summary[160];
    snprintf(summary, sizeof(summary), "GITHUB_STEP_SUMMARY=%s/summary", session);
    struct outcome outcome = run(&(struct run){.argv = argv, .environment = (const char *const[]){summary, NULL}});
    cr_assert_eq(outcome_code(&outcome), 0, "%s: %s", hostile[row].what, outcome.err);
    outcome_free(&outcome);
    free(component);
    free(name);
}

/* Printable UTF-8 in lines, and nothing the runner would obey but what the format itself says. */
static void expect_printable(size_t row, const char *format, const char *written)
{
    size_t commands = count_commands(written, NULL), expected = strcmp(format, "github") == 0 ? 1 : 0;
    cr_expect_eq(commands, expected, "%s in %s: %zu commands:\n%s", hostile[row].what, format, commands, written);
    cr_expect_null(strstr(written, "##["), "%s in %s: an old command:\n%s", hostile[row].what, format, written);
    for (const char *text = written; *text != '\0';) {
        uint32_t character;
        size_t length = utf8_decode(text, &character);
        bool line = *text == '\n' || (strcmp(format, "csv") == 0 && strncmp(text, "\r\n", 2) == 0);
        if (length == 0 || (!line && (character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x202e ||
                                      character == 0x2028 || character >= 0xe000)))
            cr_assert_fail("%s in %s: %#x at %td", hostile[row].what, format, character, text - written);
        text += length;
    }
}

static void check_json(const char *written, const char *name)
{
    json_t *report = parse(written);
    char *shown = escape_utf8(name);
    cr_expect_eq(json_array_size(at(report, "findings")), 1);
    const char *frame = text_at(report, "findings/0/stacks/0/frames/0/function");
    cr_expect_eq(strcmp(frame, shown), 0, "JSON keeps every byte: %s", frame);
    free(shown);
    json_decref(report);
}

static void check_sarif(const char *written, const char *name)
{
    json_t *log = parse(written);
    (void)name;
    cr_expect_eq(json_array_size(at(log, "runs/0/results")), 1);
    const char *uri = text_at(log, "runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri");
    cr_expect_eq(strspn(uri, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%:"), strlen(uri),
                 "'%s' is no URI", uri);
    const char *words = text_at(log, "runs/0/results/0/message/text");
    cr_expect(strstr(words, "[a](") == NULL && strstr(words, " {0}") == NULL, "%s", words);
    json_decref(log);
}

static void check_gitlab(const char *written, const char *name)
{
    json_t *list = parse(written);
    (void)name;
    cr_expect_eq(json_array_size(list), 1);
    json_decref(list);
}

static void check_github(const char *written, const char *name)
{
    struct command command;
    char *line = strndup(written, strcspn(written, "\n")), *shown = escape_text(name);
    cr_assert(read_command(line, &command), "%s", line);
    cr_expect_str_eq(command.level, "error");
    cr_expect_str_eq(command.title, "leak-at-exit");
    cr_expect_eq(strncmp(command.file, shown, sizeof(command.file) - 1), 0, "'%s' is not '%s'", command.file, shown);
    cr_expect_str_eq(command.line, "9");
    free(shown);
    free(command.data);
    free(line);
}

static void check_csv(const char *written, const char *name)
{
    json_t *rows = csv_rows(written);
    const char *column;
    json_t *cell;
    (void)name;
    cr_expect_eq(json_array_size(rows), 1);
    json_object_foreach (json_array_get(rows, 0), column, cell)
        cr_expect_null(strchr("=+-@", json_string_value(cell)[0]) != NULL && json_string_length(cell) > 0 ? column : NULL,
                       "%s calculates: %s", column, json_string_value(cell));
    json_decref(rows);
}

static void check_junit(const char *written, const char *name)
{
    const char *path = keep(written);
    (void)name;
    expect_xpath(path, "count(//*[not(self::testsuites or self::testsuite or self::testcase or self::failure)])", "0");
    expect_xpath(path, "count(//failure)", "1");
    expect_xpath(path, "count(//comment() | //processing-instruction())", "0");
}

static void check_text(const char *written, const char *name)
{
    (void)name;
    cr_expect_eq(strncmp(written, "error: file \"", 13), 0, "%s", written);
    cr_expect_not_null(strstr(written, "fdtrace: 1 error in 1 image"), "%s", written);
}

/* Of the tags that stand in it only those of a table. */
static void check_summary(const char *written)
{
    static const char *const tags[] = {"<table>", "</table>", "<tr>", "</tr>", "<th>", "</th>", "<td>", "</td>"};
    for (const char *tag = written; (tag = strchr(tag, '<')) != NULL; tag++) {
        bool known = false;
        for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
            known |= strncmp(tag, tags[i], strlen(tags[i])) == 0;
        cr_expect(known, "in the summary: %.40s", tag);
    }
}

Test(formats_ci, hostile_names_are_inert_in_every_format)
{
    static void (*const checks[FORMATS])(const char *written, const char *name) = {
        check_text, check_json, check_sarif, check_junit, check_github, check_gitlab, check_csv};
    char path[128];
    for (size_t row = 0; row < sizeof(hostile) / sizeof(hostile[0]); row++) {
        char *name = hostile_name(row, LONGEST);
        report_hostile(row);
        for (size_t i = 0; i < FORMATS; i++) {
            snprintf(path, sizeof(path), "%s/%s", session, formats[i]);
            char *written = read_file(path);
            expect_printable(row, formats[i], written);
            checks[i](written, name);
            free(written);
        }
        snprintf(path, sizeof(path), "%s/summary", session);
        char *summary = read_file(path);
        check_summary(summary);
        expect_printable(row, "summary", summary);
        free(summary);
        free(name);
    }
}
