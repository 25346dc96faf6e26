/* The hooks of test frameworks, each with the worked example in tests/frameworks: the leaking tests fail, and only
 * those. */
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct outcome run_tests(const char *const *argv, enum tracing tracing, const char *const *environment)
{
    return run(&(struct run){.argv = argv,
                             .tracing = tracing,
                             .options = tracing == BARE ? NULL : "report=none",
                             .environment = environment});
}

static void expect_pieces(const struct outcome *outcome, const char *const *pieces)
{
    char *all = NULL;
    cr_assert_geq(asprintf(&all, "%s%s", outcome->out, outcome->err), 0);
    for (; *pieces != NULL; pieces++) {
        bool absent = **pieces == '!';
        cr_expect((strstr(all, *pieces + absent) != NULL) != absent, "'%s' in:\n%s", *pieces, all);
    }
    free(all);
}

Test(frameworks, criterion)
{
    /* A Criterion inside ours must not take itself for one of our workers. */
    const char *const argv[] = {"env", "-u", "BXFI_MAP", built("tests/frameworks/criterion"), "--jobs=1", NULL};
    struct outcome outcome = run_tests(argv, PRELOADED, NULL);
    static const char *const pieces[] = {"files::leaks_one",
                                         "!files::closes_what_it_opens",
                                         "!files::keeps_one_on_purpose",
                                         "fixtures::leak_beside_it",
                                         "!fixtures::use_the_shared_one",
                                         "redirected::output_is_captured",
                                         "numbers::leak_when_odd",
                                         "opened in open_config() was never closed",
                                         "criterion.c:",
                                         "Tested: 9 | Passing: 4 | Failing: 5 | Crashing: 0",
                                         NULL};
    cr_expect_neq(outcome_code(&outcome), 0);
    expect_pieces(&outcome, pieces);
    outcome_free(&outcome);
    outcome = run_tests(argv, BARE, NULL);
    cr_expect_eq(outcome_code(&outcome), 0);
    expect_pieces(&outcome, (const char *const[]){"Passing: 9", NULL});
    outcome_free(&outcome);
    outcome = run_tests(argv, BARE, (const char *const[]){"FDTRACE_REQUIRED=1", NULL});
    expect_pieces(&outcome, (const char *const[]){"is not preloaded", "Passing: 0", NULL});
    outcome_free(&outcome);
}

Test(frameworks, googletest)
{
    const char *const argv[] = {built("tests/frameworks/gtest"), NULL};
    struct outcome outcome = run_tests(argv, PRELOADED, NULL);
    static const char *const pieces[] = {"[  FAILED  ] Files.LeaksOne",
                                         "[  FAILED  ] Fixture.LeaksBesideIt",
                                         "[       OK ] Files.ClosesWhatItOpens",
                                         "[       OK ] Files.KeepsOneOnPurpose",
                                         "[       OK ] Fixture.UsesTheSharedOne",
                                         "2 FAILED TESTS",
                                         "opened in open_config() was never closed",
                                         "gtest.cpp:",
                                         NULL};
    cr_expect_eq(outcome_code(&outcome), 1);
    expect_pieces(&outcome, pieces);
    outcome_free(&outcome);
    outcome = run_tests(argv, BARE, NULL);
    cr_expect_eq(outcome_code(&outcome), 0);
    outcome_free(&outcome);
    outcome = run_tests(argv, BARE, (const char *const[]){"FDTRACE_REQUIRED=1", NULL});
    cr_expect_eq(outcome_code(&outcome), 1);
    expect_pieces(&outcome, (const char *const[]){"is not preloaded", "5 FAILED TESTS", NULL});
    outcome_free(&outcome);
}

/* Debian's own Python, because that is the one its pytest belongs to. */
static struct outcome run_pytest(const char *option, const char *library)
{
    static const char pytest[] =
        "PYTHONPATH=\"$PWD/frameworks\" PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m pytest "
        "-p fdtrace_pytest -p no:cacheprovider \"$@\" tests/frameworks/test_leaks.py";
    const char *const environment[] = {text("FDTRACE_LIBRARY=%s", library), NULL};
    const char *const argv[] = {"sh", "-c", pytest, "pytest", "-vv", option, NULL};
    return run_tests(argv, BARE, environment);
}

Test(frameworks, pytest)
{
    struct outcome outcome = run_pytest("--fdtrace", built("libfdtrace.so"));
    static const char *const pieces[] = {
        "test_leaks_a_file FAILED", "test_leaks_a_pipe FAILED", "test_leaks_a_socket FAILED",
        "test_leaks_beside_fixtures FAILED", "4 failed, 4 passed, 1 skipped, 1 xfailed",
        /* Where in Python, of each way to find that out; and the C stack. */
        "test_leaks.py:12 in open_config", "test_leaks.py:40 in test_leaks_a_file",
        "test_leaks.py:44 in test_leaks_a_pipe", "test_leaks.py:48 in test_leaks_a_socket",
        "test_leaks.py:61 in test_leaks_beside_fixtures", "opened by open()", "_PyEval_EvalFrameDefault", NULL};
    cr_expect_eq(outcome_code(&outcome), 1);
    expect_pieces(&outcome, pieces);
    outcome_free(&outcome);
    outcome = run_pytest("-q", built("libfdtrace.so"));
    expect_pieces(&outcome, (const char *const[]){"8 passed, 1 skipped, 1 xfailed", NULL});
    outcome_free(&outcome);
    /* What cannot be checked is a usage error, and no pass. */
    outcome = run_pytest("--fdtrace", built("tests/hostile/libearly.so"));
    cr_expect_eq(outcome_code(&outcome), 4);
    expect_pieces(&outcome, (const char *const[]){"was preloaded and is not there", NULL});
    outcome_free(&outcome);
}
