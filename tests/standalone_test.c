/*
 * Plain LD_PRELOAD, without `fdtrace run`: the report comes by itself when the program has ended, to where it was asked to
 * go, and the program's status changes only when that was asked for.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct outcome run_preloaded(const char *program, const char *options)
{
    return run(&(struct run){
        .argv = (const char *[]){built(text("tests/%s", program)), NULL}, .tracing = PRELOADED, .options = options});
}

static void expect_told(const struct outcome *outcome, const char *piece)
{
    cr_expect_not_null(strstr(outcome->err, piece), "the report does not say '%s':\n%s", piece, outcome->err);
}

Test(standalone, a_leak_is_told_with_source_lines)
{
    struct outcome outcome = run_preloaded("victims/leak_helper", NULL);
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_str_empty(outcome.out);
    expect_told(&outcome, "leak-at-exit");
    expect_told(&outcome, "load_users");
    expect_told(&outcome, "leak_helper.c:");
    outcome_free(&outcome);
}

/* Whoever called open is meant, and not the line of the header by which a fortified build calls it. */
Test(standalone, headers_of_the_system_are_not_blamed)
{
    struct outcome outcome = run_preloaded("standalone/fortified", NULL);
    expect_told(&outcome, "opened in load() was never closed");
    expect_told(&outcome, "--> tests/standalone/fortified.c:");
    outcome_free(&outcome);
}

Test(standalone, nothing_is_said_about_a_clean_program)
{
    struct outcome outcome = run_preloaded("twins/all_closed", NULL);
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_str_empty(outcome.err, "a clean program earned: %s", outcome.err);
    outcome_free(&outcome);
}

Test(standalone, underscore_exit_is_told_too)
{
    struct outcome outcome = run_preloaded("victims/leak_underscore_exit", NULL);
    cr_expect_eq(outcome_code(&outcome), 7);
    expect_told(&outcome, "leak-at-exit");
    outcome_free(&outcome);
}

Test(standalone, handlers_run_before_the_report)
{
    struct outcome outcome = run_preloaded("victims/leak_atexit", NULL);
    expect_told(&outcome, "open_late");
    cr_expect_null(strstr(outcome.err, "/etc/passwd"), "a destructor closed that one:\n%s", outcome.err);
    outcome_free(&outcome);
}

Test(standalone, the_library_reports_alone)
{
    struct outcome outcome = run_preloaded("victims/double_close", "analyzer=/nonexistent");
    cr_expect_eq(outcome_code(&outcome), 0);
    expect_told(&outcome, "double-close");
    expect_told(&outcome, "tests/victims/double_close+0x");
    outcome_free(&outcome);
}

/* A filter takes our system calls away, the report among them. One that was refused, or is another process's, does not. */
Test(standalone, filters_that_are_none_cost_no_report)
{
    static const char *const programs[] = {"standalone/asks_for_seccomp", "standalone/confined_child"};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        struct outcome outcome = run_preloaded(programs[i], "fail_on=error:exitcode=42");
        cr_expect_eq(outcome_code(&outcome), 42, "%s ended with %d", programs[i], outcome_code(&outcome));
        expect_told(&outcome, "leak-at-exit");
        outcome_free(&outcome);
    }
}

Test(standalone, an_untraced_program_forks)
{
    struct outcome outcome = run_preloaded("standalone/untraced_fork", "max_fds=1000000"); /* makes a recording large */
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_str_eq(outcome.out, "the child ended with 700\n");
    expect_told(&outcome, "this image is not traced");
    outcome_free(&outcome);
}

Test(standalone, log_path_when_standard_error_is_closed)
{
    char *scratch = scratch_make();
    struct running *running =
        run_start(&(struct run){.argv = (const char *[]){built("tests/standalone/closed_stderr"), NULL},
                                .tracing = PRELOADED,
                                .options = text("log_path=%s/log", scratch)});
    const char *log = text("%s/log.%d", scratch, (int)run_pid(running));
    struct outcome outcome = run_finish(running, 0);
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_str_empty(outcome.err);
    struct outcome written = run(&(struct run){.argv = (const char *[]){"cat", log, NULL}});
    cr_expect_not_null(strstr(written.out, "leak-at-exit"), "%s holds: %s%s", log, written.out, written.err);
    outcome_free(&outcome);
    outcome_free(&written);
    scratch_remove(scratch);
}

Test(standalone, exit_status_on_request)
{
    struct outcome outcome = run_preloaded("victims/leak_file", "fail_on=error:exitcode=42");
    cr_expect_eq(outcome_code(&outcome), 42, "it ended with %d", outcome_code(&outcome));
    outcome_free(&outcome);
    outcome = run_preloaded("victims/leak_file", "fail_on=double-close:exitcode=42");
    cr_expect_eq(outcome_code(&outcome), 0, "it ended with %d", outcome_code(&outcome));
    outcome_free(&outcome);
}

/* A private session is named after the process (store.c) and goes with it; one that was asked for stays. */
Test(standalone, a_clean_end_leaves_nothing_behind)
{
    static const char *const programs[] = {"victims/leak_file", "twins/all_closed", "twins/fork_child"};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        struct running *running = run_start(&(struct run){
            .argv = (const char *[]){built(text("tests/%s", programs[i])), NULL}, .tracing = PRELOADED});
        const char *pattern = text("{/dev/shm,/tmp}/fdtrace-*-%d-*", (int)run_pid(running));
        struct outcome outcome = run_finish(running, 0);
        glob_t left;
        cr_expect_eq(glob(pattern, GLOB_BRACE, NULL, &left), GLOB_NOMATCH, "%s left %s", programs[i], pattern);
        globfree(&left);
        outcome_free(&outcome);
    }
}

Test(standalone, a_killed_program_is_reported_afterwards)
{
    char *scratch = scratch_make();
    struct outcome outcome = run_preloaded("victims/leak_killed", text("session=%s/session", scratch));
    cr_expect_eq(outcome_code(&outcome), 137);
    outcome_free(&outcome);
    outcome = run(&(struct run){
        .argv = (const char *[]){built("fdtrace"), "report", text("%s/session", scratch), NULL}});
    cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    cr_expect_not_null(strstr(outcome.out, "leak_killed.c:"), "the report says: %s%s", outcome.out, outcome.err);
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/* --- the gate without `fdtrace run` --- */

static void expect_end(const char *program, const char *options, int code, const char *told)
{
    struct outcome outcome = run_preloaded(program, options);
    cr_expect_eq(outcome_code(&outcome), code, "%s with %s ended with %d and wrote:\n%s", program, options,
                 outcome_code(&outcome), outcome.err);
    if (told != NULL)
        expect_told(&outcome, told);
    else
        cr_expect_str_empty(outcome.err, "%s with %s wrote: %s", program, options, outcome.err);
    outcome_free(&outcome);
}

static const char *write_file(const char *folder, const char *name, const char *content)
{
    const char *path = text("%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    cr_assert_not_null(file);
    fputs(content, file);
    cr_assert_eq(fclose(file), 0);
    return path;
}

Test(standalone, extents_and_conditions)
{
    expect_end("gate/many_ways", "report=none", 0, NULL);
    expect_end("gate/many_ways", "report=none:fail_on=error:exitcode=9", 9, NULL);
    expect_end("gate/many_ways", "report=none:fail_on=error>3:exitcode=9", 0, NULL);
    expect_end("gate/many_ways", "report=summary:fail_on=error>2:exitcode=9", 9, "failed: 3 error(s), more than 2");
    expect_end("gate/many_ways", "report=full:fail_on=error", 0, "open_log  ");
    expect_end("twins/all_closed", "fail_on=note:exitcode=9", 0, "no findings");
}

Test(standalone, suppressions_baselines_and_allowances)
{
    char *scratch = scratch_make();
    char *list = strdup(write_file(scratch, "list", "leak-at-exit:open_*\nleak-at-exit:wake_up\n"));
    char *wrong = strdup(write_file(scratch, "wrong", "leak-at-exit:open_*\nleek:wake_up\n"));
    expect_end("gate/many_ways", text("suppressions=%s:fail_on=error:exitcode=9", list), 0, "3 suppressed");
    expect_end("gate/many_ways", text("suppressions=%s:fail_on=error>9:exitcode=9", wrong), 9, "wrong:2: no rule");
    expect_end("gate/many_ways", "allow='eventfd,file:/etc/*':fail_on=error>1:exitcode=9", 0, "1 error in");
    expect_end("gate/randomness", "fail_on=error:exitcode=9", 0, "no findings");
    char *baseline = strdup(text("%s/baseline", scratch));
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("fdtrace"), "run", "--report=none", "--write-baseline", baseline, "--",
                                 built("tests/gate/many_ways"), NULL}});
    cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    outcome_free(&outcome);
    expect_end("gate/many_ways", text("baseline=%s:exitcode=9", baseline), 0, "3 known from the baseline");
    expect_end("victims/leak_file", text("baseline=%s:exitcode=9", baseline), 9, "failed: 1 ");
    expect_end("victims/leak_file", "baseline=/nowhere:exitcode=9", 9, "cannot read the baseline");
    free(baseline);
    free(wrong);
    free(list);
    scratch_remove(scratch);
}

/* A path is meant as it was when the program began, wherever it has gone since. */
Test(standalone, relative_paths)
{
    char *scratch = scratch_make();
    write_file(scratch, "list", "leak-at-exit:main\n");
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){built("tests/gate/goes_away"), NULL},
                                               .tracing = PRELOADED, .folder = scratch,
                                               .options = "suppressions=list:fail_on=error:exitcode=9"});
    cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    expect_told(&outcome, "1 suppressed");
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/* Nobody who could judge, or nothing to judge by: no pass. */
Test(standalone, what_could_not_be_judged_fails)
{
    expect_end("victims/leak_file", "analyzer=/nowhere:fail_on=double-close:exitcode=9", 9, "could not be judged");
    expect_end("victims/leak_file", "analyzer=/nowhere", 0, "leak-at-exit");
    expect_end("gate/nothing", "require_traced=1", 3, "no event at all was recorded");
    expect_end("gate/nothing", "require_traced=1:exitcode=9", 9, "no event at all was recorded");
    expect_end("twins/all_closed", "require_traced=1:exitcode=9", 0, "no findings");
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){"sh", "-c",
                                 text("ulimit -f 0; FDTRACE_OPTIONS=require_traced=1:exitcode=9 LD_PRELOAD=%s %s",
                                      built("libfdtrace.so"), built("tests/twins/all_closed")), NULL}});
    cr_expect_eq(outcome_code(&outcome), 9, "it ended with %d: %s", outcome_code(&outcome), outcome.err);
    outcome_free(&outcome);
}

Test(standalone, forked_children_have_their_programs_suppressions)
{
    expect_end("gate/embedded_forked", "fail_on=error:exitcode=9", 0, "1 suppressed");
}

/*
 * A table that belongs to two records equals neither, nor does one that the record is not about, and nobody is at
 * fault.
 */
Test(standalone, a_shared_table_is_not_verified)
{
    static const struct {
        const char *how, *says;
    } cases[] = {
        {"clone", "descriptors shared with another process; nothing was verified"},
        {"raw", "descriptors shared with another process; nothing was verified"},
        {"fork", "table equals kernel"},
        {"parted", "this thread has descriptors of its own; nothing was verified"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = run(&(struct run){
            .argv = (const char *[]){built("tests/standalone/shared_table"), cases[i].how, NULL},
            .tracing = PRELOADED, .options = "report=none:verify=1"});
        cr_expect_eq(outcome_code(&outcome), 0, "%s: %d", cases[i].how, outcome_code(&outcome));
        expect_told(&outcome, cases[i].says);
        cr_expect_null(strstr(outcome.err, "differences"), "%s: %s", cases[i].how, outcome.err);
        outcome_free(&outcome);
    }
}

/* No memory for a record: every call goes on as without us. */
Test(standalone, a_process_without_a_record_spawns)
{
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){"sh", "-c", text("ulimit -v 4000; LD_PRELOAD=%s %s", built("libfdtrace.so"),
                                                  built("tests/victims/exec_leak_spawn")), NULL}});
    cr_expect_eq(outcome_code(&outcome), 0, "it ended with %d: %s", outcome_code(&outcome), outcome.err);
    expect_told(&outcome, "this image is not traced");
    outcome_free(&outcome);
}
