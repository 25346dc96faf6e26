/* The gate: conditions, exit statuses, what fails closed, and how much is said. */
#include "gate.h"
#include "gate_support.h"
#include "report.h"
#include "segment_maker.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *ways(void)
{
    return built("tests/gate/many_ways");
}

Test(gate, conditions_count)
{
    gate_expect(FDTRACE("run", "--fail-on=leak-at-exit>3", "--", ways()), 0, "!failed");
    gate_expect(FDTRACE("run", "--fail-on=leak-at-exit>2", "--", ways()), 99, "failed: 3 leak-at-exit, more than 2");
    gate_expect(FDTRACE("run", "--fail-on=leak-at-exit>3", "--", ways(), "1"), 99,
                "failed: 4 leak-at-exit, more than 3");
    gate_expect(FDTRACE("run", "--fail-on=warning>2", "--error-exitcode=5", "--", ways()), 5, "failed: 3 warning(s)");
    gate_expect(FDTRACE("run", "--fail-on=double-close,error>9", "--", ways()), 0, "!failed");
    gate_expect(FDTRACE("run", "--fail-on=double-close,error>1", "--", ways()), 99, "failed: 3 error(s), more than 1");
    gate_expect(gate_fdtrace("fail_on=error>2:exitcode=8", (const char *[]){"run", "--", ways(), NULL}), 8, "failed");
    gate_expect(gate_fdtrace("fail_on=error>3:exitcode=8", (const char *[]){"run", "--", ways(), NULL}), 0, "!failed");
}

Test(gate, a_condition_that_could_never_hold_is_refused)
{
    gate_expect(FDTRACE("run", "--fail-on=leak-at-exit>", "--", ways()), 2, "wants a number");
    gate_expect(FDTRACE("run", "--fail-on=leak-at-exit>many", "--", ways()), 2, "wants a number");
    gate_expect(FDTRACE("run", "--fail-on=leak-at-exut>3", "--", ways()), 2, "did you mean 'leak-at-exit'");
    gate_expect(FDTRACE("run", "--fail-on=error,,note", "--", ways()), 2, "no rule or severity");
    gate_expect(gate_fdtrace("fail_on=eror", (const char *[]){"run", "--", "true", NULL}), 2,
                "FDTRACE_OPTIONS: no rule or severity is called 'eror'; did you mean 'error'?");
    gate_expect(FDTRACE("run", "--fail-onn=error", "--", ways()), 2, "did you mean --fail-on?");
    gate_expect(FDTRACE("run", "--format=jsno", "--", ways()), 2, "did you mean 'json'");
    gate_expect(FDTRACE("run", "--limit=few", "--", ways()), 2, "--limit wants a number");
    gate_expect(FDTRACE("dif", "a", "b"), 2, "did you mean 'diff'");
}

Test(gate, a_clean_program_passes_with_one_line)
{
    struct outcome outcome =
        FDTRACE("run", "--fail-on=note", "--require-traced", "--", built("tests/twins/all_closed"));
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_str_empty(outcome.out);
    const char *newline = strchr(outcome.err, '\n');
    cr_expect(strncmp(outcome.err, "fdtrace: no findings", 20) == 0 && newline != NULL && newline[1] == '\0', "%s",
              outcome.err);
    outcome_free(&outcome);
}

Test(gate, what_was_not_recorded_is_no_pass)
{
    /* A program without events looks the same as a tracer that was asleep: a self-test can tell, a recording cannot. */
    char *scratch = scratch_make();
    const char *session = text("%s/session", scratch);
    gate_expect(FDTRACE("run", "--require-traced", "--session", session, "--", built("tests/gate/nothing")), 0,
                "!failed");
    struct outcome outcome = FDTRACE("report", "--require-traced", session);
    cr_expect_eq(outcome_code(&outcome), 3);
    cr_expect_not_null(strstr(outcome.out, "failed: no event at all was recorded"), "%s", outcome.out);
    outcome_free(&outcome);
    gate_expect(gate_fdtrace("require_traced=1", (const char *[]){"report", session, NULL}), 3, "");
    gate_expect(FDTRACE("report", session), 0, "");
    scratch_remove(scratch);
    gate_expect(FDTRACE("run", "--require-traced", "--allow-untraced", "--", built("tests/run/static")), 3,
                "was not traced");
    gate_expect(FDTRACE("run", "--fail-on=not-traced", "--allow-untraced", "--", built("tests/run/static")), 99,
                "was not traced");
    gate_expect(FDTRACE("run", "--fail-on=not-traced>1", "--allow-untraced", "--", built("tests/run/static")), 7,
                "was not traced");
    /* What did not fit is not there to be judged. */
    gate_expect(FDTRACE("run", "--require-traced", "--option", "max_fds=64", "--", ways(), "900"), 3,
                "could not be recorded for want of room");
    gate_expect(FDTRACE("run", "--require-traced", "--", ways(), "900"), 0, "!failed");
}

/* A library that loads and records nothing: said before the command begins, and once more by its status. */
Test(gate, the_self_test_tells_a_library_that_does_not_record)
{
    const char *const environment[] = {text("FDTRACE_LIBRARY=%s", built("tests/hostile/libearly.so")), NULL};
    struct run how = {.argv = (const char *[]){built("fdtrace"), "run", "--", "true", NULL},
                      .environment = environment};
    gate_expect(run(&how), 0, "self-test: a traced program left no recording");
    how.argv = (const char *[]){built("fdtrace"), "run", "--require-traced", "--", "true", NULL};
    gate_expect(run(&how), 3, "self-test: a traced program left no recording");
    how.argv = (const char *[]){built("fdtrace"), "run", "--fail-on=warning", "--", "true", NULL};
    gate_expect(run(&how), 99, "was not traced");
}

Test(gate, the_self_test_leaves_nothing_behind)
{
    char *scratch = scratch_make();
    gate_expect(FDTRACE("run", "--report=none", "--session", text("%s/session", scratch), "--", ways()), 0,
                "!self-test");
    struct outcome outcome =
        run(&(struct run){.argv = (const char *[]){"sh", "-c", text("ls '%s/session' | grep -c fdt$", scratch), NULL}});
    cr_expect_str_eq(outcome.out, "1\n", "%s", outcome.out);
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/* Most severe and most frequent first, some in full, some in a line, the rest as a number. */
Test(gate, ten_thousand_findings_drown_no_terminal)
{
    char *scratch = scratch_make();
    struct segment_maker maker;
    maker_begin(&maker, 42, 1);
    struct report_options options;
    struct report_result result;
    cr_assert_eq(report_options_init(&options, fopen("/dev/null", "we")), 0);
    fclose(options.stream);
    options.extent = REPORT_FULL; /* whatever our own environment says */
    const char *out = text("%s/out", scratch);
    char path[256];
    /* As many as a recording has sites; images of distinct programs make distinct findings of each. */
    enum { PROGRAMS = 160, SITES = 63 };
    for (int i = 0; i < PROGRAMS; i++) {
        maker_free(&maker);
        maker_begin(&maker, 100 + i, 1);
        snprintf(maker.header->exe, sizeof(maker.header->exe), "/srv/app%d", i);
        for (int j = 0; j < SITES; j++)
            maker_birth(&maker, 3 + j, maker_site_at(&maker, "open", 0x100 + (uint64_t)j * 16), FDT_FILE, "/etc/passwd",
                        FDT_CLOEXEC);
        maker_exit(&maker, 0);
        snprintf(path, sizeof(path), "%s/%d.1.fdt", scratch, 100 + i);
        cr_assert_eq(maker_write(&maker, path), 0);
    }
    maker_free(&maker);
    options.stream = fopen(out, "we");
    int code = report_session((const char *const[]){scratch}, 1, &options, &result);
    fclose(options.stream);
    cr_assert_eq(code, 0, "%s", result.error);
    cr_expect_eq(result.findings, PROGRAMS * SITES, "%zu findings", result.findings);
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){"cat", out, NULL}});
    size_t lines = 0;
    for (const char *at = outcome.out; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    cr_expect_lt(lines, 1000, "%zu lines", lines);
    const char *rest = text("%d places of leak-at-exit", PROGRAMS * SITES - 100);
    cr_expect_not_null(strstr(outcome.out, rest), "'%s' is not told, but: %s", rest, strstr(outcome.out, "fdtrace: "));
    outcome_free(&outcome);
    report_options_free(&options);
    scratch_remove(scratch);
}
