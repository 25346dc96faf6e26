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
