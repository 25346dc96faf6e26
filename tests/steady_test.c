/*
 * The steady state: tracing adds no system call per event, and no descriptor of the tracer's exists in the program.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/*
 * How many system calls strace counts in the loop program, from its exec to its end. All runs want the same addresses: on
 * aarch64 libraries begin at multiples of 64 KiB, and it depends on luck how often the loader must cut something off.
 */
static long count_calls(const char *scratch, const char *preload, const char *rounds)
{
    const char *counts = text("%s/counts", scratch);
    const char *same = "if setarch -R true 2>/dev/null; then exec setarch -R \"$@\"; else exec \"$@\"; fi";
    const char *argv[] = {"sh", "-c", same, "sh", "strace", "-f", "-c", "-o", counts, "env", preload,
                          text("FDTRACE_OPTIONS=report=none:ring=1024:session=%s/%s", scratch, rounds),
                          built("tests/steady/loop"), rounds, NULL};
    struct outcome outcome = run(&(struct run){.argv = argv, .deadline = 110});
    if (strstr(outcome.err, "ptrace") != NULL)
        cr_skip_test("strace may not trace here: %s", outcome.err);
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    outcome_free(&outcome);
    outcome = run(&(struct run){.argv = (const char *[]){"awk", "$NF == \"total\" {print $4}", counts, NULL}});
    long total = atol(outcome.out);
    cr_assert_gt(total, 0, "no total in what strace wrote");
    outcome_free(&outcome);
    return total;
}

/* Start-up costs some calls, so two lengths are compared: what 2,000 further rounds add must be the same. */
Test(steady, no_system_call_per_event)
{
    char *scratch = scratch_make();
    const char *preload = text("LD_PRELOAD=%s", built("libfdtrace.so"));
    long bare = count_calls(scratch, "TRACED=no", "3000") - count_calls(scratch, "TRACED=no", "1000");
    long traced = count_calls(scratch, preload, "3000") - count_calls(scratch, preload, "1000");
    cr_expect_gt(bare, 2000 * 15);
    cr_expect_eq(traced, bare, "2000 rounds make %ld system calls bare and %ld traced", bare, traced);
    scratch_remove(scratch);
}

Test(steady, no_descriptor_of_ours)
{
    const char *const words[] = {"sh", "-c", "ls /proc/self/fd; exec ls /proc/self/fd", NULL};
    char *scratch = scratch_make();
    struct outcome bare = run(&(struct run){.argv = words});
    struct outcome traced =
        run(&(struct run){.argv = words, .tracing = PRELOADED, .options = text("report=none:session=%s/s", scratch)});
    cr_expect_str_eq(traced.out, bare.out);
    outcome_free(&bare);
    outcome_free(&traced);
    scratch_remove(scratch);
}
