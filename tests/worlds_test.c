/*
 * Other worlds than 64-bit glibc on this machine: programs of musl, which want a library of their own (make musl), and
 * 32-bit ones, which are told as untraced. What other machines and older libcs can do is looked at by scripts/check-aarch64.sh
 * and check-glibc.sh.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *scratch;

static void begin(void)
{
    scratch = scratch_make();
}

static void end(void)
{
    scratch_remove(scratch);
}

TestSuite(worlds, .init = begin, .fini = end);

/* Runs words, which must end with code. */
static void must_run(int code, const char *const *words)
{
    struct outcome outcome = run(&(struct run){.argv = words});
    cr_assert_eq(outcome_code(&outcome), code, "%s ended with %d: %s%s", words[0], outcome_code(&outcome), outcome.out,
                 outcome.err);
    outcome_free(&outcome);
}
#define MUST_RUN(code, ...) must_run(code, (const char *[]){__VA_ARGS__, NULL})

/* The report of `fdtrace run -- words`. */
#define REPORT(code, ...)                                                                              \
    (MUST_RUN(code, built("fdtrace"), "run", "-o", text("json:%s/report", scratch), "--", __VA_ARGS__),  \
     report_load(text("%s/report", scratch)))

static void must_tell(const json_t *report, const char *expectation)
{
    size_t index;
    json_t *finding;
    json_array_foreach(json_object_get(report, "findings"), index, finding)
        if (finding_fits(finding, expectation))
            return;
    cr_expect_fail("no finding %s", expectation);
}

/* Debian's musl-gcc writes no .eh_frame_hdr unless it is asked to; then stacks go by frame pointers. */
static const char *musl_program(bool by_tables)
{
    const char *program = text("%s/leaks", scratch);
    if (!have_program("musl-gcc") || access(built("musl/libfdtrace.so"), R_OK) != 0)
        cr_skip_test("there is no musl-gcc, or no library was built by it");
    MUST_RUN(0, "musl-gcc", "-g", "-O2", by_tables ? "-Wl,--eh-frame-hdr" : "-fno-omit-frame-pointer", "-D_GNU_SOURCE", "-o",
             program, "tests/worlds/leaks.c");
    return program;
}

static void musl_is_traced(bool by_tables)
{
    const char *program = musl_program(by_tables);
    json_t *report = REPORT(5, program);
    char *digest = report_digest(report);
    must_tell(report, "leak-at-exit count=1 kind=chardev call=open birth=open_config birth=load_config birth=main");
    must_tell(report, "leak-at-exit count=1 kind=chardev call=open birth=open_config birth=main"); /* the child's */
    must_tell(report, "leak-at-exit count=1 kind=pipe call=pipe2 birth=work");
    /* The program of glibc that it spawns is none that a library for musl records in. */
    must_tell(report, "not-traced count=1");
    cr_expect_eq(report_count(report, NULL), 4, "%s", digest);
    free(digest);
    json_decref(report);
}

Test(worlds, a_program_of_musl_is_traced)
{
    musl_is_traced(true);
}

Test(worlds, a_program_of_musl_is_traced_by_frame_pointers)
{
    musl_is_traced(false);
}

/* musl ends a program whose preloaded library does not fit: ours must, without a word. */
Test(worlds, a_program_of_musl_in_a_tree_of_glibc_runs_untraced)
{
    const char *program = musl_program(true);
    json_t *report = REPORT(5, "sh", "-c", text("%s; exit $?", program));
    char *digest = report_digest(report);
    cr_expect_eq(report_count(report, "not-traced"), 1, "%s", digest);
    cr_expect_eq(report_count(report, NULL), 1, "%s", digest);
    free(digest);
    json_decref(report);
}

Test(worlds, a_32_bit_build_is_refused)
{
    const char *words[] = {"cc", "-m32", "-Wfatal-errors", "-Iinclude", "-include", "fdtrace/segment.h", "-fsyntax-only",
                           "-xc", "/dev/null", NULL};
    struct outcome outcome = run(&(struct run){.argv = words});
    cr_expect_neq(outcome_code(&outcome), 0);
    if (strstr(outcome.err, "unrecognized") != NULL)
        cr_skip_test("the compiler of this machine has no 32-bit mode");
    cr_expect_not_null(strstr(outcome.err, "fdtrace is 64-bit"), "%s", outcome.err);
    outcome_free(&outcome);
}

/* A child of a traced program, where nothing can be refused any more. */
Test(worlds, a_32_bit_program_is_told)
{
#if !defined(__x86_64__)
    cr_skip_test("made for x86");
#endif
    const char *source = text("%s/short.s", scratch), *program = text("%s/short", scratch);
    FILE *file = fopen(source, "we");
    cr_assert_not_null(file);
    fputs(".globl _start\n_start: movl $1, %eax\n xorl %ebx, %ebx\n int $0x80\n", file); /* exit(0) */
    fclose(file);
    MUST_RUN(0, "cc", "-m32", "-nostdlib", "-static", "-o", program, source);
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){program, NULL}});
    int code = outcome_code(&outcome);
    outcome_free(&outcome);
    if (code != 0)
        cr_skip_test("this kernel runs no 32-bit programs");
    const char *words[] = {built("fdtrace"), "run", "--", "sh", "-c", text("%s; exit 0", program), NULL};
    outcome = run(&(struct run){.argv = words});
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_not_null(strstr(outcome.err, "was not traced: it is a 32-bit program"), "%s", outcome.err);
    outcome_free(&outcome);
}
