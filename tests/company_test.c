/*
 * In company: other libraries and runtimes in the same process that wrap the same functions, or that bring a libc of
 * their own. The program prints what it prints without us, the others see every call they would see, and the record is
 * right: it equals the kernel's at the end, and tells of the one leak of company/work.h.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

static struct outcome run_alone(const char *program)
{
    struct outcome alone = run(&(struct run){.argv = (const char *[]){built(program), NULL}});
    if (outcome_code(&alone) != 0)
        cr_skip_test("%s does not run here: %s", program, alone.err);
    return alone;
}

/* The program with these libraries preloaded: what it prints, what its own report finds, what the verification says. */
static struct outcome expect_work_with(const char *program, const char *libraries)
{
    char *scratch = scratch_make();
    struct outcome alone = run_alone(program);
    struct outcome traced = run(&(struct run){
        .argv = (const char *[]){built(program), NULL},
        .options = text("verify=1:log_path=%s/log:session=%s/session", scratch, scratch),
        .environment = (const char *[]){text("LD_PRELOAD=%s", libraries), NULL}});
    cr_expect_eq(outcome_code(&traced), 0, "%s: it ended with %d: %s", libraries, outcome_code(&traced), traced.err);
    cr_expect_str_eq(traced.out, alone.out);
    struct outcome report = run(&(struct run){
        .argv = (const char *[]){"sh", "-c", "cat \"$0\"/log.*; exec \"$1\" report \"$0\"/session", scratch,
                                 built("fdtrace"), NULL}});
    cr_expect_not_null(strstr(report.out, "table equals kernel"), "%s: %s", libraries, report.out);
    cr_expect_null(strstr(report.out, "differences"), "%s: %s", libraries, report.out);
    cr_expect_not_null(strstr(report.out, "opened in leak_it() was never closed"), "%s: %s", libraries, report.out);
    cr_expect_not_null(strstr(report.out, "1 error,"), "%s: %s", libraries, report.out);
    outcome_free(&report);
    outcome_free(&alone);
    scratch_remove(scratch);
    return traced;
}

static void expect_work(const char *program, const char *libraries)
{
    struct outcome traced = expect_work_with(program, libraries);
    cr_expect_str_empty(traced.err, "%s: it wrote %s", libraries, traced.err);
    outcome_free(&traced);
}

/*
 * Its runtime wants to be the first library, which a tracer in LD_PRELOAD makes impossible; nobody has to say
 * anything.
 */
Test(company, address_sanitizer)
{
    expect_work("tests/company/address_sanitizer", built("libfdtrace.so"));
}

Test(company, address_sanitizer_under_run)
{
    char *scratch = scratch_make();
    const char *path = text("%s/report.json", scratch);
    struct outcome alone = run_alone("tests/company/address_sanitizer");
    struct outcome traced =
        run(&(struct run){.argv = (const char *[]){built("tests/company/address_sanitizer"), NULL},
                          .tracing = UNDER_RUN, .options = "verify=1", .report = path});
    cr_expect_eq(outcome_code(&traced), 0, "it ended with %d: %s", outcome_code(&traced), traced.err);
    cr_expect_str_eq(traced.out, alone.out);
    json_t *report = report_load(path);
    cr_expect_eq(report_count(report, NULL), 1);
    cr_expect_eq(report_count(report, "leak-at-exit"), 1);
    json_decref(report);
    outcome_free(&alone);
    outcome_free(&traced);
    scratch_remove(scratch);
}

Test(company, thread_sanitizer)
{
    expect_work("tests/company/thread_sanitizer", built("libfdtrace.so"));
}

static const char *beside(bool before, const char *other)
{
    const char *ours = built("libfdtrace.so");
    return before ? text("%s:%s", other, ours) : text("%s:%s", ours, other);
}

Test(company, another_interposer_before_and_after)
{
    for (int before = 0; before < 2; before++) {
        struct outcome traced =
            expect_work_with("tests/company/plain", beside(before, built("tests/company/libinterposer.so")));
        cr_expect_not_null(strstr(traced.err, "interposer: every open, every close"), "%s", traced.err);
        outcome_free(&traced);
    }
}

/* An allocator that opens files while it starts, which may be at our first event. */
Test(company, jemalloc_before_and_after)
{
    struct outcome trial = run(&(struct run){.argv = (const char *[]){"true", NULL},
                                             .environment = (const char *[]){"LD_PRELOAD=libjemalloc.so.2", NULL}});
    if (trial.err[0] != '\0') /* the dynamic linker's complaint */
        cr_skip_test("%s", trial.err);
    outcome_free(&trial);
    for (int before = 0; before < 2; before++)
        expect_work("tests/company/plain", beside(before, "libjemalloc.so.2"));
}

/*
 * What a libc of another namespace opens or closes is not seen: nobody is accused for it, and the kernel has the last
 * word.
 */
Test(company, a_libc_in_another_namespace)
{
    char *scratch = scratch_make();
    const char *path = text("%s/report.json", scratch);
    struct outcome alone = run_alone("tests/company/namespaces");
    struct outcome traced = run(&(struct run){.argv = (const char *[]){built("tests/company/namespaces"), NULL},
                                              .tracing = UNDER_RUN, .report = path, .options = "verify=1"});
    cr_expect_eq(outcome_code(&traced), 0, "it ended with %d: %s", outcome_code(&traced), traced.err);
    cr_expect_str_eq(traced.out, alone.out);
    json_t *report = report_load(path);
    cr_expect_eq(report_count(report, NULL), 0, "%s", report_digest(report));
    json_decref(report);
    outcome_free(&alone);
    outcome_free(&traced);
    scratch_remove(scratch);
}
