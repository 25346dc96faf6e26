/*
 * Baselines and `fdtrace diff`: only what is new or more is told, and what makes a finding the same one is neither its
 * build, nor its line, nor its folder, nor its addresses.
 */
#include "baseline.h"
#include "gate_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *scratch;
static char *baseline; /* SCRATCH/baseline */

static void begin(void)
{
    scratch = scratch_make();
    baseline = strdup(text("%s/baseline", scratch));
}

static void end(void)
{
    scratch_remove(scratch);
    free(baseline);
}

TestSuite(baseline, .init = begin, .fini = end);

/* Builds `source` of the scratch folder as FOLDER/app, and returns its path. */
static const char *build(const char *folder, const char *flags, const char *source)
{
    struct outcome outcome =
        run(&(struct run){.argv = (const char *[]){"sh", "-c",
                                                   text("mkdir -p '%s/%s' && cc -g %s -o '%s/%s/app' '%s'", scratch,
                                                        folder, flags, scratch, folder, source),
                                                   NULL}});
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    outcome_free(&outcome);
    return text("%s/%s/app", scratch, folder);
}

static const char program[] =
    "#include <fcntl.h>\n"
    "__attribute__((noinline)) static int helper(const char *path)\n"
    "{\n"
    "    int fd = open(path, O_RDONLY | O_CLOEXEC);\n"
    "    __asm__ volatile(\"\" ::: \"memory\");\n"
    "    return fd;\n"
    "}\n"
    "static int load(int n) { return n > 0 ? load(n - 1) + 0 : helper(\"/etc/passwd\") + 1; }\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "    (void)argv;\n"
    "    return load(argc) + helper(\"/etc/group\") < 0;\n"
    "}\n";

static char *first_line(const char *path, unsigned number)
{
    static char line[512];
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file, "%s", path);
    for (unsigned i = 0; i <= number; i++)
        if (fgets(line, sizeof(line), file) == NULL)
            line[0] = '\0';
    fclose(file);
    return line;
}

Test(baseline, a_known_finding_is_silent_a_new_one_is_not)
{
    const char *ways = built("tests/gate/many_ways");
    gate_expect(FDTRACE("run", "--write-baseline", baseline, "--report=none", "--", ways), 0, "");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", ways), 0, "; 3 known from the baseline");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", ways), 0, "!leak-at-exit");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", ways, "2"), 99, "2 devices opened in helper()");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", ways, "2"), 99, "failed: 2 warning(s) or error(s)");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--fail-on=error>2", "--", ways, "2"), 0, "1 error in");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", built("tests/twins/all_closed")), 0,
                "; 3 of the baseline gone");
}

Test(baseline, more_of_a_known_one_is_told)
{
    const char *ways = built("tests/gate/many_ways");
    gate_expect(FDTRACE("run", "--write-baseline", baseline, "--report=none", "--", ways, "3"), 0, "");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", ways, "2"), 0, "; 4 known");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", ways, "3"), 0, "; 4 known");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", ways, "5"), 99, "3 of them are known from the baseline");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--fail-on=leak-at-exit>1", "--", ways, "5"), 99,
                "failed: 2 leak-at-exit, more than 1");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--fail-on=leak-at-exit>2", "--", ways, "5"), 0, "1 error in");
}

Test(baseline, it_is_sorted_and_the_same_every_time)
{
    const char *again = text("%s/again", scratch), *ways = built("tests/gate/many_ways");
    gate_expect(FDTRACE("run", "--write-baseline", baseline, "--report=none", "--", ways, "3"), 0, "");
    gate_expect(FDTRACE("run", "--write-baseline", again, "--report=none", "--", ways, "3"), 0, "");
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){"cmp", baseline, again, NULL}});
    cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.out);
    outcome_free(&outcome);
    outcome = run(&(struct run){.argv = (const char *[]){"sh", "-c", text("LC_ALL=C sort -c '%s'", baseline), NULL}});
    cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    outcome_free(&outcome);
    cr_expect_not_null(strstr(first_line(baseline, 0), "# fdtrace baseline 1"));
    for (unsigned i = 1; i <= 4; i++)
        cr_expect_not_null(strstr(first_line(baseline, i), "many_ways: "), "%s", first_line(baseline, i));
}

/* Optimized, moved down ten lines, in another folder, without position independence, and with the recursion deeper. */
Test(baseline, a_finding_is_known_again_in_another_build)
{
    char moved[2048];
    const char *source = strdup(gate_write(scratch, "program.c", program));
    snprintf(moved, sizeof(moved), "/* */\n\n\n\n\n\n\n\n\n\n%s", program);
    gate_expect(FDTRACE("run", "--write-baseline", baseline, "--report=none", "--", build("one", "-O0", source)), 0,
                "");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", build("one", "-O0", source)), 0, "; 2 known");
    gate_expect(
        FDTRACE("run", "--baseline", baseline, "--", build("two/three", "-O0 -no-pie", source), "deeper", "still"), 0,
        "; 2 known");
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", build("four", "-O1", source)), 0, "; 2 known");
    const char *other = strdup(gate_write(scratch, "moved.c", moved));
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", build("five", "-O1", other)), 0, "; 2 known");
    /* And what is another finding is none of them: the same call in a function of another name. */
    gate_expect(FDTRACE("run", "--baseline", baseline, "--", build("six", "-O0 -Dload=reload", source)), 99,
                "; 1 known from the baseline; 1 of the baseline gone");
    free((void *)source);
    free((void *)other);
}

Test(baseline, people_may_edit_and_merge_it)
{
    const char *ways = built("tests/gate/many_ways");
    gate_expect(FDTRACE("run", "--write-baseline", baseline, "--report=none", "--", ways, "3"), 0, "");
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){
            "sh", "-c",
            text("sed -i 's/ 3 many/ * many/; s/ many_ways:.*//; $a\\\\' '%s' && cat '%s' '%s' | sort -r > '%s/merged'",
                 baseline, baseline, baseline, scratch),
            NULL}});
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    outcome_free(&outcome);
    gate_expect(FDTRACE("run", "--baseline", text("%s/merged", scratch), "--", ways, "500"), 0, "; 4 known");
}

Test(baseline, what_is_wrong_with_one_is_told)
{
    static const char *const wrong[] = {"leak-at-exit\n",
                                        "leak-at-exit 12 1\n",
                                        "leak-at-exit 0123456789abcdef x\n",
                                        "leak-at-exit 0123456789ABCDEF 1\n",
                                        "<<<<<<< HEAD\n",
                                        "leak-at-exit 0123456789abcdef -1\n"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct baseline read;
        char error[512] = "";
        const char *path = gate_write(scratch, "wrong", text("# one\n\n%s", wrong[i]));
        cr_expect(baseline_read(&read, path, error, sizeof(error)) < 0, "accepted: %s", wrong[i]);
        cr_expect_not_null(strstr(error, "wrong:3: "), "%s earned: %s", wrong[i], error);
    }
    /* Before the command has run, not after it. */
    const char *made = text("%s/made", scratch);
    gate_expect(FDTRACE("run", "--baseline", "/nowhere/base", "--", "touch", made), 2,
                "--write-baseline=/nowhere/base makes one");
    gate_expect(run(&(struct run){.argv = (const char *[]){"test", "-e", made, NULL}}), 1, "");
    gate_expect(FDTRACE("run", "--write-baseline", "/nowhere/base", "--", "true"), 2, "cannot write the baseline");
}

/* One command that begins a baseline and keeps it up to date. */
Test(baseline, it_can_be_written_over)
{
    const char *ways = built("tests/gate/many_ways");
    const char *const words[] = {"run", "--baseline", baseline, "--write-baseline", baseline, "--", ways, "2", NULL};
    gate_expect(gate_fdtrace(NULL, words), 99, "failed");
    gate_expect(gate_fdtrace(NULL, words), 0, "; 4 known");
}

Test(baseline, options_of_the_environment)
{
    const char *ways = built("tests/gate/many_ways");
    gate_expect(FDTRACE("run", "--write-baseline", baseline, "--report=none", "--", ways), 0, "");
    const char *options = text("baseline=%s:exitcode=7", baseline);
    gate_expect(gate_fdtrace(options, (const char *[]){"run", "--", ways, NULL}), 0, "; 3 known");
    gate_expect(gate_fdtrace(options, (const char *[]){"run", "--", ways, "1", NULL}), 7, "1 error in");
}

/* --- diff --- */

static struct outcome diff(const char *option, const char *before, const char *after)
{
    return FDTRACE("diff", option, text("%s/%s", scratch, before), text("%s/%s", scratch, after));
}

static void record(const char *name, const char *argument)
{
    gate_expect(FDTRACE("run", "--report=none", "--session", text("%s/%s", scratch, name), "-o",
                        text("json:%s/%s.json", scratch, name), "--", built("tests/gate/many_ways"), argument),
                0, "");
}

static void expect_changes(const char *before, const char *after, const char *sum)
{
    struct outcome outcome = diff("--format=text", before, after);
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_not_null(strstr(outcome.out, sum), "%s and %s: %s%s", before, after, outcome.out, outcome.err);
    outcome_free(&outcome);
}

Test(baseline, diff_compares_sessions_and_reports)
{
    record("none", "0");
    record("two", "2");
    record("five", "5");
    expect_changes("none", "none.json", "0 new, 0 increased, 0 decreased, 0 gone, 3 the same");
    expect_changes("none", "two", "1 new, 0 increased, 0 decreased, 0 gone, 3 the same");
    expect_changes("none.json", "two", "new: error: 2 devices opened in helper() were never closed [leak-at-exit] at ");
    expect_changes("two.json", "five.json", "0 new, 1 increased, 0 decreased, 0 gone, 3 the same");
    expect_changes("two", "five.json", "(2 before, 5 now)");
    expect_changes("five", "two", "1 decreased");
    expect_changes("five", "none", "1 gone");
    gate_expect(diff("--fail-on=error>2", "none.json", "two"), 0, "");
    gate_expect(diff("--fail-on=error>2", "two", "five.json"), 99, "");
    gate_expect(diff("--fail-on=warning", "five", "two"), 0, "");
    gate_expect(diff("--fail-on=eror", "two", "five"), 2, "did you mean 'error'");
    struct outcome outcome = diff("--format=json", "two", "five");
    json_t *json = json_loads(outcome.out, 0, NULL), *change = json_array_get(json_object_get(json, "changes"), 0);
    cr_assert_not_null(json, "%s", outcome.out);
    cr_expect_str_eq(json_string_value(json_object_get(change, "change")), "increased");
    cr_expect_eq(json_integer_value(json_object_get(change, "before")), 2);
    cr_expect_eq(json_integer_value(json_object_get(change, "after")), 5);
    json_decref(json);
    outcome_free(&outcome);
}

Test(baseline, diff_refuses_what_it_cannot_compare)
{
    record("one", "1");
    gate_write(scratch, "empty.json", "{}");
    gate_write(scratch, "cut.json", "{ \"schema\": \"fdtrace-report/1\", \"findings\": [ ");
    gate_write(scratch, "odd.json", "{ \"schema\": \"fdtrace-report/1\", \"findings\": [ {} ] }");
    gate_expect(diff("--format=text", "one", "empty.json"), 2, "no report of schema fdtrace-report/1");
    gate_expect(diff("--format=text", "cut.json", "one"), 2, "cut.json:1: ");
    gate_expect(diff("--format=text", "odd.json", "one"), 2, "finding 1 lacks");
    gate_expect(diff("--format=text", "one", "nowhere"), 2, "nowhere");
    gate_expect(diff("--format=xml", "one", "one"), 2, "--format is text or json");
    gate_expect(FDTRACE("diff", scratch), 2, "fdtrace diff BEFORE AFTER");
}
