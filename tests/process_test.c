/* Process trees: what is followed, what cannot be and is said to be so, and the story of a descriptor across images. */
#include "support.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELPER(name) built("tests/run/" name)

static char *scratch;

static void begin(void)
{
    scratch = scratch_make();
}

static void end(void)
{
    scratch_remove(scratch);
}

TestSuite(process, .init = begin, .fini = end);

/* Runs it and returns the report; it must end with code. */
static json_t *traced(int code, const char *const *words)
{
    struct outcome outcome = run(&(struct run){.argv = words});
    cr_assert_eq(outcome_code(&outcome), code, "ended with %d: %s%s", outcome_code(&outcome), outcome.out, outcome.err);
    outcome_free(&outcome);
    return report_load(text("%s/report", scratch));
}
#define REPORT(code, ...)                                                                              \
    traced(code, (const char *[]){built("fdtrace"), "run", "-o", text("json:%s/report", scratch), __VA_ARGS__, NULL})

static const json_t *image_at(const json_t *report, size_t i)
{
    return json_array_get(json_object_get(report, "images"), i);
}

static const char *field(const json_t *value, const char *key)
{
    const char *text = json_string_value(json_object_get(value, key));
    return text != NULL ? text : "";
}

static long long number(const json_t *value, const char *key)
{
    return json_integer_value(json_object_get(value, key));
}


Test(process, a_descriptor_brings_its_story_across_fork_and_exec)
{
    json_t *report = REPORT(0, "--", HELPER("tree"));
    cr_assert_eq(json_array_size(json_object_get(report, "images")), 3);
    const json_t *server = image_at(report, 0), *forked = image_at(report, 1), *shell = image_at(report, 2);
    cr_expect_str_eq(field(server, "how"), "start");
    cr_expect_str_eq(field(forked, "how"), "fork");
    cr_expect_str_eq(field(shell, "how"), "exec");
    cr_expect_eq(number(forked, "predecessor"), number(server, "id"));
    cr_expect_eq(number(shell, "predecessor"), number(forked, "id"));
    cr_expect_str_eq(field(json_object_get(forked, "end"), "how"), "exec");
    cr_expect_eq(number(json_object_get(shell, "end"), "status"), 5);
    size_t i;
    json_t *descriptor, *story = NULL;
    json_array_foreach(json_object_get(shell, "open_at_end"), i, descriptor) {
        if (strcmp(field(descriptor, "name"), "/etc/hostname") == 0)
            story = json_object_get(descriptor, "lineage");
    }
    cr_assert_eq(json_array_size(story), 3, "exec, fork, birth");
    cr_expect_str_eq(field(json_array_get(story, 0), "by"), "exec");
    cr_expect_str_eq(field(json_array_get(story, 1), "by"), "fork");
    const json_t *birth = json_array_get(story, 2);
    cr_expect_eq(number(birth, "pid"), number(server, "pid"));
    cr_expect_str_eq(field(birth, "call"), "open");
    cr_expect_str_eq(field(birth, "function"), "open_log");
    cr_expect_not_null(strstr(field(birth, "file"), "tree.c"));
    json_decref(report);
}

Test(process, forty_workers_at_one_line_are_one_finding)
{
    json_t *report = REPORT(0, "--", HELPER("tree"), "workers", "40");
    const json_t *finding = json_array_get(json_object_get(report, "findings"), 0);
    cr_assert_eq(report_count(report, NULL), 1, "%s", report_digest(report));
    cr_expect(finding_fits(finding, "leak-at-exit count=40 birth=work"));
    cr_expect_eq(json_array_size(json_object_get(finding, "images")), 40);
    json_decref(report);
}

Test(process, an_emptied_environment_is_filled_again)
{
    static const char *const hows[] = {"exec", "spawn"};
    for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
        json_t *report = REPORT(0, "--require-traced", "--", HELPER("scrubs"), hows[i], "/bin/true");
        size_t images = json_array_size(json_object_get(report, "images"));
        const json_t *last = image_at(report, images - 1);
        cr_expect(json_is_true(json_object_get(last, "traced")) && strstr(field(last, "exe"), "true") != NULL, "%s",
                  hows[i]);
        json_decref(report);
    }
}

Test(process, follow_0_leaves_the_environment_alone_and_says_what_was_missed)
{
    json_t *report = REPORT(3, "--option=follow=0", "--require-traced", "--", HELPER("scrubs"), "spawn", "/bin/true");
    const json_t *last = image_at(report, 1);
    cr_expect(json_is_false(json_object_get(last, "traced")));
    cr_expect_str_eq(field(last, "exe"), "/bin/true");
    cr_expect_str_eq(field(last, "how"), "spawn");
    cr_expect_not_null(strstr(field(last, "reason"), "without LD_PRELOAD"));
    cr_expect_eq(report_count(report, "not-traced"), 1);
    json_decref(report);
}

/* libc's own shells read the program's environ, where nothing can be put back: then they are missed, and told. */
Test(process, a_shell_without_environment_is_not_traced)
{
    json_t *report = REPORT(3, "--require-traced", "--", HELPER("scrubs"), "system", "true");
    const json_t *last = image_at(report, 1);
    cr_expect(json_is_false(json_object_get(last, "traced")));
    cr_expect_str_eq(field(last, "exe"), "/bin/sh");
    json_decref(report);
}

/* The numbers a message says were given: none twice, and not this one. */
static void expect_given(const char *message, long never)
{
    const char *list = strstr(message, "; it was given descriptors 0, 1, 2");
    cr_assert_not_null(list, "%s", message);
    long before = -1;
    for (list = strpbrk(list, "0123456789"); list != NULL; list = strpbrk(list, "0123456789")) {
        long number = strtol(list, (char **)&list, 10);
        cr_expect(number > before && number != never, "%s", message);
        before = number;
    }
}

/* What crossed into programs started at one place is kept together: each is told what all of them were given, once. */
Test(process, an_untraced_program_is_not_said_to_have_what_another_was_given)
{
    json_t *report = REPORT(0, "--", HELPER("spawns"), HELPER("static"));
    cr_expect_eq(report_count(report, "not-traced"), 2, "%s", report_digest(report));
    for (size_t i = 0; i < json_array_size(json_object_get(report, "findings")); i++) {
        const json_t *finding = json_array_get(json_object_get(report, "findings"), i);
        if (strcmp(field(finding, "rule"), "not-traced") == 0)
            expect_given(field(finding, "message"), 700);
    }
    json_decref(report);
}

Test(process, a_static_program_is_told_with_its_arguments)
{
    const char *program = HELPER("static");
    json_t *report = REPORT(0, "--", "sh", "-c", text("%s one; true", program));
    const json_t *last = image_at(report, json_array_size(json_object_get(report, "images")) - 1);
    cr_expect(json_is_false(json_object_get(last, "traced")));
    cr_expect_str_eq(field(last, "exe"), program);
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(last, "argv"), 1)), "one");
    cr_expect_not_null(strstr(field(last, "reason"), "static"));
    cr_expect_gt(number(last, "pid"), 0);
    json_decref(report);
}

/* The shell that ends at once leaves a grandchild behind, which only ends when its input does. */
Test(process, wait_all_sees_the_end_of_everybody)
{
    const char *script = "(sh -c 'read line; exit 7' < fifo &) ; (: > fifo) &";
    const char *folder = text("cd %s && mkfifo fifo && exec sh -c \"$0\"", scratch);
    json_t *report = REPORT(0, "--wait-all", "--", "sh", "-c", folder, script);
    size_t i, seven = 0;
    json_t *image;
    json_array_foreach(json_object_get(report, "images"), i, image) {
        const json_t *how = json_object_get(image, "end");
        cr_expect_str_neq(field(how, "how"), "running");
        seven += number(how, "status") == 7;
    }
    cr_expect_eq(seven, 1);
    json_decref(report);
}

Test(process, the_tree_is_drawn_when_there_is_something_to_tell)
{
    const char *const words[] = {built("fdtrace"), "run", "--", HELPER("tree"), NULL};
    struct outcome outcome = run(&(struct run){.argv = words});
    cr_expect_not_null(strstr(outcome.err, "programs:\n"), "%s", outcome.err);
    cr_expect_not_null(strstr(outcome.err, "executed dash -c exit 5: exit 5\n"), "%s", outcome.err);
    cr_expect_not_null(strstr(outcome.err, "inherited by fork from tree"), "%s", outcome.err);
    outcome_free(&outcome);
}

/* The lifetime of that name that some image received and still had at its end. */
static const json_t *received(const json_t *report, const char *call)
{
    size_t i, j;
    json_t *image, *descriptor;
    json_array_foreach(json_object_get(report, "images"), i, image) {
        json_array_foreach(json_object_get(image, "open_at_end"), j, descriptor) {
            if (strcmp(field(descriptor, "call"), "recvmsg") == 0) {
                const json_t *lineage = json_object_get(descriptor, "lineage");
                const json_t *birth = json_array_get(lineage, json_array_size(lineage) - 1);
                if (strcmp(field(birth, "function"), call) == 0)
                    return lineage;
            }
        }
    }
    return NULL;
}

Test(process, a_received_descriptor_names_its_birth_elsewhere)
{
    json_t *report = REPORT(0, "--", HELPER("passes"), scratch);
    const json_t *server = image_at(report, 0), *third = received(report, "open_third");
    const json_t *second = received(report, "open_second");
    cr_assert_not_null(third, "three messages were under way in the pair; the third one's is kept");
    cr_assert_not_null(second, "and one through a named socket");
    const json_t *source = json_array_get(third, 1);
    cr_expect_str_eq(field(source, "how"), "receive");
    cr_expect_eq(number(source, "pid"), number(server, "pid"));
    cr_expect_str_eq(field(json_array_get(second, 1), "how"), "receive");
    cr_expect_null(received(report, "open_first"));
    json_decref(report);
}

Test(process, a_forked_child_that_could_not_record_is_not_forgotten)
{
    if (geteuid() != 0)
        cr_skip_test("only root can change the root");
    json_t *report = REPORT(3, "--require-traced", "--", HELPER("jailed"), scratch);
    const json_t *child = image_at(report, 1);
    cr_expect(json_is_false(json_object_get(child, "traced")));
    cr_expect_str_eq(field(child, "how"), "fork");
    cr_expect_eq(number(child, "predecessor"), 1);
    json_decref(report);
}

/* Without the kernel's help it is fork's own wrapper that tells a child. Else the child's events would be its parent's. */
Test(process, children_are_known_where_memory_is_not_wiped)
{
    json_t *report = REPORT(0, "--verify", "--", HELPER("unwiped"), built("tests/twins/fork_child"));
    size_t index;
    json_t *finding;
    json_array_foreach(json_object_get(report, "findings"), index, finding)
        cr_expect_str_eq(json_string_value(json_object_get(finding, "severity")), "note");
    cr_expect_eq(json_array_size(json_object_get(report, "images")), 3);
    json_decref(report);
}

/* What the recordings of a session take of the file system, the largest. */
static long long largest_recording(const char *session, size_t expected)
{
    long long most = 0;
    glob_t found;
    cr_assert_eq(glob(text("%s/*.fdt", session), 0, NULL, &found), 0);
    cr_assert_geq(found.gl_pathc, expected);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct stat status;
        cr_assert_eq(stat(found.gl_pathv[i], &status), 0);
        most = status.st_blocks * 512LL > most ? status.st_blocks * 512LL : most;
    }
    globfree(&found);
    return most;
}

/* A tenth child whose events began where the tenth shard of the ring does would pay for the memory of all before it. */
Test(process, the_tenth_child_takes_no_more_memory_than_the_first)
{
    const char *session = text("%s/session", scratch);
    const char *script = "for i in 1 2 3 4 5 6 7 8 9 10; do (exec 3</dev/null); done";
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("fdtrace"), "run", "--session", session, "--", "bash", "-c", script, NULL}});
    cr_assert_eq(outcome_code(&outcome), 0);
    outcome_free(&outcome);
    cr_expect_lt(largest_recording(session, 11), 200 << 10);
}

/* Each shard of the ring grows by itself: the last one's first event must not pay for the three shards before it. */
Test(process, threads_with_an_event_each_take_little_memory)
{
    const char *session = text("%s/session", scratch);
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("fdtrace"), "run", "--session", session, "--", HELPER("an_event_each"), NULL}});
    cr_assert_eq(outcome_code(&outcome), 0);
    outcome_free(&outcome);
    cr_expect_lt(largest_recording(session, 1), 200 << 10);
}
