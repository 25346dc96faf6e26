/*
 * The fuzz targets (tests/fuzz/) with the driver that needs no clang: what stands in seeds and cases, and a few mutations of
 * it, the same ones each time. `make fuzz` looks further.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static struct outcome replay(const char *target, const char *runs)
{
    return run(&(struct run){
        .argv = (const char *[]){built(text("fuzz/replay-%s", target)), text("-runs=%s", runs), "-seed=1",
                                 text("tests/fuzz/seeds/%s", target), text("tests/fuzz/cases/%s", target),
                                 built(text("fuzz/seeds/%s", target)), NULL},
        /* The library of a test that runs under it, and the sanitizers' own, each want to be first. */
        .environment = (const char *const[]){"LD_PRELOAD=", NULL},
        .deadline = 100});
}

static void expect_nothing(const char *target, const char *runs)
{
    if (access(built(text("fuzz/replay-%s", target)), X_OK) != 0)
        cr_skip_test("not built: make fuzz-replay");
    struct outcome outcome = replay(target, runs);
    cr_expect_not(outcome.overdue, "it did not end");
    cr_expect_eq(outcome_code(&outcome), 0, "%s%.2000s", outcome.out, outcome.err);
    cr_expect_not_null(strstr(outcome.out, "nothing found"), "%s", outcome.out);
    outcome_free(&outcome);
}

Test(fuzz, segment) { expect_nothing("segment", "2000"); }
Test(fuzz, report) { expect_nothing("report", "60"); }
Test(fuzz, elf) { expect_nothing("elf", "100"); }
Test(fuzz, suppressions) { expect_nothing("suppressions", "2000"); }
Test(fuzz, baseline) { expect_nothing("baseline", "2000"); }
Test(fuzz, diff) { expect_nothing("diff", "2000"); }
Test(fuzz, environment) { expect_nothing("environment", "5000"); }
Test(fuzz, arguments) { expect_nothing("arguments", "2000"); }
