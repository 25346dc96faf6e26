/* What threads are called: asked in time, kept with whoever bore it, and told in every format that tells a thread. */
#include "format_support.h"
#include "segment_maker.h"
#include "segment_reader.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *scratch;

static void begin(void)
{
    scratch = scratch_make();
}

static void end(void)
{
    scratch_remove(scratch);
}

TestSuite(threads, .init = begin, .fini = end);

static const char *file_of(const char *name)
{
    return text("%s/%s", scratch, name);
}

/* Runs argv, which ends with code, with these outputs, FORMAT:NAME, in the scratch folder. */
static void trace(const char *const *argv, int code, const char *const *outputs)
{
    const char *words[24] = {built("fdtrace"), "run", "--report", "full"};
    size_t count = 4;
    for (; *outputs != NULL; outputs++)
        words[count++] = text("-o%.*s:%s/%s", (int)strcspn(*outputs, ":"), *outputs, scratch,
                              strchr(*outputs, ':') + 1);
    words[count++] = "--";
    for (; *argv != NULL; argv++)
        words[count++] = *argv;
    struct outcome outcome = run(&(struct run){.argv = words});
    cr_assert_eq(outcome_code(&outcome), code, "%s", outcome.err);
    outcome_free(&outcome);
}

/* The thread's name in that stack; NULL: it has none. */
static const char *name_in(const json_t *stack)
{
    return json_string_value(json_object_get(stack, "thread_name"));
}

static const json_t *stack_called(const json_t *finding, const char *role)
{
    const json_t *stack;
    size_t i;
    json_array_foreach (json_object_get(finding, "stacks"), i, stack)
        if (strcmp(json_string_value(json_object_get(stack, "role")), role) == 0)
            return stack;
    cr_assert_fail("no stack of %s", role);
    return NULL;
}

static const json_t *finding_of(const json_t *report, const char *expectation)
{
    const json_t *finding;
    size_t i;
    json_array_foreach (json_object_get(report, "findings"), i, finding)
        if (finding_fits(finding, expectation))
            return finding;
    char *digest = report_digest(report);
    cr_assert_fail("nothing fits '%s':\n%s", expectation, digest);
    return NULL;
}

static void expect_in(const char *name, const char *words)
{
    char *written = format_read_file(file_of(name));
    cr_expect_not_null(strstr(written, words), "'%s' is not in:\n%s", words, written);
    free(written);
}

Test(threads, both_ends_of_a_double_close_are_named_in_every_format)
{
    trace((const char *const[]){built("tests/victims/double_close_named"), NULL}, 0,
          (const char *const[]){"json:j", "text:t", "junit:u", "sarif:s", "html:h", NULL});
    json_t *report = report_load(file_of("j"));
    const json_t *finding = finding_of(report, "double-close");
    const json_t *death = stack_called(finding, "death"), *again = stack_called(finding, "second-close");
    cr_expect_str_eq(name_in(death), "owner-1");
    cr_expect_str_eq(name_in(again), "thief \"\033[1m\"");
    cr_expect_str_eq(name_in(stack_called(finding, "birth")), "double_close_na");
    int owner = (int)json_integer_value(json_object_get(death, "thread"));
    int thief = (int)json_integer_value(json_object_get(again, "thread"));
    cr_expect_neq(owner, thief);
    expect_in("t", text(", by thread %d \"owner-1\":\n", owner));
    expect_in("t", text(", by thread %d \"thief \"\\x1b[1m\"\":\n", thief));
    expect_in("u", text("death: close() in owner(), by thread %d &quot;owner-1&quot;\n", owner));
    expect_in("h", "\"thread_name\":\"owner-1\"");
    char *written = format_read_file(file_of("s"));
    json_t *log = format_parse(written);
    const char *flow = "runs/0/results/0/codeFlows/0/threadFlows";
    cr_assert_eq(json_array_size(format_at(log, flow)), 3);
    cr_expect_str_eq(format_text_at(log, text("%s/1/id", flow)), text("%d", owner));
    cr_expect_str_eq(format_text_at(log, text("%s/1/message/text", flow)), "owner-1");
    cr_expect_str_eq(format_text_at(log, text("%s/2/message/text", flow)), "thief \"\\x1b[1m\"");
    json_decref(log);
    free(written);
    json_decref(report);
}

Test(threads, a_name_that_comes_late_is_known_at_the_end)
{
    static const struct { const char *function, *name; } leaks[] = {
        {"leak_of_main", "chief"}, {"leak_of_ended", "ended"}, {"leak_of_living", "living"},
        {"leak_of_child", "forking"}};
    trace((const char *const[]){built("tests/run/named_threads"), NULL}, 0, (const char *const[]){"json:j", NULL});
    json_t *report = report_load(file_of("j"));
    for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) {
        const json_t *finding = finding_of(report, text("leak-at-exit birth=%s", leaks[i].function));
        const char *name = name_in(stack_called(finding, "birth"));
        cr_expect(name != NULL && strcmp(name, leaks[i].name) == 0, "%s is by \"%s\"", leaks[i].function, name);
    }
    json_decref(report);
}

Test(threads, a_misuse_tells_the_name_of_then)
{
    trace((const char *const[]){built("tests/run/named_killed"), NULL}, 128 + SIGKILL,
          (const char *const[]){"json:j", NULL});
    json_t *report = report_load(file_of("j"));
    cr_expect_str_eq(name_in(stack_called(finding_of(report, "double-close"), "second-close")), "doomed");
    json_decref(report);
}

static json_t *trace_many(const char *name)
{
    trace((const char *const[]){built("tests/run/many_threads"), "4200", name, NULL}, 0,
          (const char *const[]){"json:j", NULL});
    return report_load(file_of("j"));
}

static const char *name_of_leak(const json_t *report, const char *function)
{
    return name_in(stack_called(finding_of(report, text("leak-at-exit birth=%s", function)), "birth"));
}

enum { WITHOUT_ROOM = 4200 - 4096 };

Test(threads, those_without_room_are_counted_and_have_no_name)
{
    json_t *report = trace_many("t");
    cr_expect_eq(format_number_at(report, "images/0/lost/threads"), WITHOUT_ROOM);
    cr_expect_str_eq(name_of_leak(report, "leak_of_first"), "t0");
    cr_expect_null(name_of_leak(report, "leak_of_last"));
    cr_expect_str_eq(name_of_leak(report, "main"), "many_threads");
    json_decref(report);
}

Test(threads, one_that_nobody_named_gives_up_its_place)
{
    json_t *report = trace_many(NULL);
    cr_expect_eq(format_number_at(report, "images/0/lost/threads"), WITHOUT_ROOM);
    cr_expect_null(name_of_leak(report, "leak_of_first"));
    cr_expect_str_eq(name_of_leak(report, "leak_of_last"), "many_threads");
    json_decref(report);
}

/* A number that has been used for something else since tells no more who was born on it; the site does. */
Test(threads, a_place_knows_who_came_first)
{
    trace((const char *const[]){built("tests/twins/limit_not_hit"), NULL}, 0, (const char *const[]){"json:j", NULL});
    json_t *report = report_load(file_of("j"));
    const json_t *finding = finding_of(report, "missing-cloexec");
    cr_expect(json_is_integer(json_object_get(stack_called(finding, "birth"), "thread")));
    json_decref(report);
}

enum { TID = 77 };

Test(threads, a_number_that_is_used_again_has_two_names)
{
    struct segment_maker maker;
    struct segment *segment;
    char error[512] = "";
    maker_begin(&maker, 42, 1);
    maker_thread(&maker, 42, "main");
    maker_thread(&maker, TID, "second");
    maker_thread(&maker, TID + 1, "nobody's own");
    maker_thread(&maker, TID + 2, "");
    maker_thread(&maker, TID + 3, "unfinished");
    maker_thread(&maker, TID, "first");
    struct fdt_thread *second = &maker.threads[0], *first = &maker.threads[4];
    second->born_ns = 300;
    first->born_ns = 100;
    first->ended_ns = 200;
    maker.threads[3].commit = 0;
    memset(maker.threads[1].name, 'x', FDT_THREAD_NAME);
    maker.threads[1].born_ns = maker.threads[2].born_ns = 0;
    cr_assert_eq(maker_write(&maker, file_of("42.1.fdt")), 0);
    cr_assert_eq(segment_open(file_of("42.1.fdt"), &segment, error, sizeof(error)), 0, "%s", error);
    cr_expect_null(segment_thread_name(segment, TID, 99));
    cr_expect_str_eq(segment_thread_name(segment, TID, 100), "first");
    cr_expect_str_eq(segment_thread_name(segment, TID, 200), "first");
    cr_expect_null(segment_thread_name(segment, TID, 201), "it had ended");
    cr_expect_str_eq(segment_thread_name(segment, TID, 300), "second");
    cr_expect_str_eq(segment_thread_name(segment, TID, UINT64_MAX), "second");
    cr_expect_str_eq(segment_thread_name(segment, TID + 1, 1), "xxxxxxxxxxxxxxx");
    cr_expect_null(segment_thread_name(segment, TID + 2, 1));
    cr_expect_null(segment_thread_name(segment, TID + 3, UINT64_MAX));
    cr_expect_null(segment_thread_name(segment, TID - 1, UINT64_MAX));
    cr_expect_null(segment_thread_name(segment, 0, UINT64_MAX));
    cr_expect_str_eq(segment_thread_name(segment, 42, UINT64_MAX), "main");
    cr_expect_null(segment_thread_name(segment, 42, maker.header->start_monotonic_ns - 1), "an earlier process");
    segment_free(segment);
    maker_free(&maker);
}
