/* fdtrace why, from outside, on the hang everybody has had: a reader that keeps its own pipe open. */
#include "support.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* tests/run/hangs at work; closing input ends it. */
struct subject {
    pid_t pid;
    int input, reader; /* reader: process id of the one that hangs */
};

static struct subject start(bool traced)
{
    int input[2], output[2];
    char line[32] = "";
    struct subject subject = {0};
    cr_assert(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
    subject.pid = fork();
    if (subject.pid == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        setenv("FDTRACE_OPTIONS", "report=none", 1);
        unsetenv("LD_PRELOAD"); /* ours, when the tests themselves are traced */
        if (traced)
            setenv("LD_PRELOAD", built("libfdtrace.so"), 1);
        execl(built("tests/run/hangs"), "hangs", (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    FILE *lines = fdopen(output[0], "r");
    cr_assert_not_null(fgets(line, sizeof(line), lines));
    fclose(lines);
    subject.input = input[1];
    subject.reader = atoi(line);
    return subject;
}

static void stop(const struct subject *subject)
{
    close(subject->input);
    cr_expect_eq(waitpid(subject->pid, NULL, 0), subject->pid);
}

static struct outcome why(const char *format, int pid, const char *fd)
{
    const char *const words[] = {built("fdtrace"), "why", format, text("%d", pid), fd, NULL};
    return run(&(struct run){.argv = words});
}

Test(why, a_reader_that_holds_the_write_end_is_told_so)
{
    struct subject subject = start(true);
    struct outcome outcome = why("--format=json", subject.reader, "0");
    json_t *answer = json_loads(outcome.out, 0, NULL), *holder;
    size_t i, blockers = 0;
    cr_assert_not_null(answer, "%s%s", outcome.out, outcome.err);
    cr_expect_not_null(strstr(json_string_value(json_object_get(answer, "explanation")), "waits for itself"));
    json_array_foreach(json_object_get(answer, "holders"), i, holder) {
        if (!json_is_true(json_object_get(holder, "blocks")))
            continue;
        blockers++;
        const json_t *lineage = json_object_get(json_object_get(holder, "descriptor"), "lineage");
        const json_t *birth = json_array_get(lineage, json_array_size(lineage) - 1);
        cr_expect_str_eq(json_string_value(json_object_get(birth, "function")), "feed");
        cr_expect_eq(json_integer_value(json_object_get(birth, "pid")), subject.pid);
        cr_expect_eq(json_integer_value(json_object_get(holder, "pid")), subject.reader);
    }
    cr_expect_eq(blockers, 1, "%s", outcome.out);
    json_decref(answer);
    outcome_free(&outcome);
    outcome = why("--format=text", subject.reader, "0");
    cr_expect_not_null(strstr(outcome.out, "inherited across an exec from hangs"), "%s", outcome.out);
    cr_expect_not_null(strstr(outcome.out, "created in feed() at "), "%s", outcome.out);
    outcome_free(&outcome);
    stop(&subject);
}

Test(why, without_a_trace_the_holders_are_still_told)
{
    struct subject subject = start(false);
    struct outcome outcome = why("--format=text", subject.reader, "0");
    cr_expect_not_null(strstr(outcome.out, "waits for itself"), "%s", outcome.out);
    cr_expect_not_null(strstr(outcome.out, "not traced"), "%s", outcome.out);
    outcome_free(&outcome);
    stop(&subject);
}

Test(why, bad_questions_get_one_line)
{
    struct outcome none = why("--format=text", (int)getpid(), "987"), word = why("--format=text", (int)getpid(), "x");
    cr_expect_eq(outcome_code(&none), 2);
    cr_expect_not_null(strstr(none.err, "has no descriptor 987"), "%s", none.err);
    cr_expect_eq(outcome_code(&word), 2);
    cr_expect_not_null(strstr(word.err, "'x' is not the number of a descriptor"), "%s", word.err);
    outcome_free(&none);
    outcome_free(&word);
}
