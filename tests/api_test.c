/* fdtrace.h: what its functions answer with and without a tracer, in C and in C++. */
#include "support.h"

#include <criterion/criterion.h>
#include <string.h>

static struct outcome run_api(const char *program, enum tracing tracing, const char *options)
{
    return run(&(struct run){
        .argv = (const char *[]){built(text("tests/api/%s", program)), NULL}, .tracing = tracing, .options = options});
}

static const char traced[] =
    "version 1\nmarked 1\nnothing yet 0\nsince the start 1\nchecked 0\nheld 1\nsince now 0\nexplained 1\n"
    "with its function 1\nand its line 1\ncut to 7\nwithout a text 1\nsnapshot chardev open /dev/null cloexec\nignored "
    "0\n"
    "then 0\nsnapshot chardev open /dev/null cloexec ignored\nboth ends 2\nsnapshot pipe pipe2 the way back cloexec\n"
    "labelled a file 0\nsnapshot chardev open the log cloexec ignored\nno such number -3\none end 1\nerrno 77\n";
static const char untraced[] =
    "version 0\nmarked 0\nnothing yet 0\nsince the start 0\nchecked 0\nheld 0\nsince now 0\nexplained 0\n"
    "with its function 0\nand its line 0\ncut to 0\nwithout a text 0\nignored 0\nthen 0\nboth ends 0\nlabelled a file "
    "0\n"
    "no such number 0\none end 0\nerrno 77\n";

Test(api, answers_are_as_the_header_says)
{
    static const char *const programs[] = {"marks", "marks_cxx"};
    for (size_t i = 0; i < 2; i++) {
        struct outcome outcome = run_api(programs[i], PRELOADED, "report=none");
        cr_expect_eq(outcome_code(&outcome), 0);
        cr_expect_str_eq(outcome.out, traced, "%s", outcome.err);
        outcome_free(&outcome);
        outcome = run_api(programs[i], BARE, NULL);
        cr_expect_eq(outcome_code(&outcome), 0);
        cr_expect_str_eq(outcome.out, untraced);
        cr_expect_str_empty(outcome.err);
        outcome_free(&outcome);
    }
}

Test(api, the_kernel_is_asked_first)
{
    struct outcome outcome = run_api("behind_our_back", PRELOADED, "report=none");
    cr_expect_eq(outcome_code(&outcome), 0, "it ended with %d: %s", outcome_code(&outcome), outcome.err);
    outcome_free(&outcome);
}

Test(api, a_check_tells_and_lets_go_on)
{
    struct outcome outcome = run_api("survives", PRELOADED, NULL);
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_str_eq(outcome.out, "1\n0\n");
    cr_expect_not_null(strstr(outcome.err, "UNIX socket \"the upstream\" created in connect_out()"), "%s", outcome.err);
    cr_expect_null(strstr(outcome.err, "/dev/zero"), "%s", outcome.err);
    outcome_free(&outcome);
    /* Without the command the library tells it alone. */
    outcome = run_api("survives", PRELOADED, "analyzer=/nowhere");
    cr_expect_str_eq(outcome.out, "1\n0\n");
    cr_expect_not_null(strstr(outcome.err, "opened by socket and still open"), "%s", outcome.err);
    outcome_free(&outcome);
    /* What is allowed is told by nobody. */
    outcome = run_api("survives", PRELOADED, "allow='socket-unix:the up*'");
    cr_expect_str_eq(outcome.out, "0\n0\n", "%s%s", outcome.out, outcome.err);
    outcome_free(&outcome);
}

Test(api, listings_show_labels)
{
    const char *const environment[] = {text("LISTING=exec %s ls \"$0\"", built("fdtrace")), NULL};
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){built("tests/api/listed"), NULL},
                                               .tracing = PRELOADED, .options = "report=none",
                                               .environment = environment});
    cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    cr_expect_not_null(strstr(outcome.out, "the name of the house"), "%s", outcome.out);
    cr_expect_null(strstr(outcome.out, "/etc/hostname"), "%s", outcome.out);
    outcome_free(&outcome);
}
