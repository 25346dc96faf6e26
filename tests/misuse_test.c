/*
 * What the findings about misuse say beyond what directives ask for (victims_test.c): the words of the text, and the objects
 * that JSON attaches.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <stdint.h>
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

TestSuite(misuse, .init = begin, .fini = end);

/* The finding of this rule in the report of a victim, whose text goes to `words`. Both are the caller's. */
static json_t *finding_of(const char *victim, const char *rule, char **words)
{
    const char *path = text("%s/report.json", scratch);
    struct outcome outcome =
        run(&(struct run){.argv = (const char *[]){built(victim), NULL}, .tracing = UNDER_RUN, .report = path});
    json_t *report = report_load(path), *found = NULL;
    for (size_t i = 0; i < json_array_size(json_object_get(report, "findings")); i++) {
        json_t *finding = json_array_get(json_object_get(report, "findings"), i);
        if (strcmp(json_string_value(json_object_get(finding, "rule")), rule) == 0)
            found = json_incref(finding);
    }
    cr_assert_not_null(found, "%s earned no %s", victim, rule);
    json_decref(report);
    outcome_free(&outcome);
    outcome = run(&(struct run){.argv = (const char *[]){built("fdtrace"), "run", "--", built(victim), NULL}, .tracing = BARE});
    *words = strdup(outcome.err);
    outcome_free(&outcome);
    return found;
}

static json_int_t number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_integer(value), "\"%s\" is no number", key);
    return json_integer_value(value);
}

static void expect_words(const char *words, const char *const *expected)
{
    for (; *expected != NULL; expected++)
        cr_expect_not_null(strstr(words, *expected), "'%s' is missing in: %s", *expected, words);
}

Test(misuse, a_ghost_is_told_with_its_numbers)
{
    char *words;
    json_t *finding = finding_of("tests/victims/epoll_ghost", "epoll-ghost", &words);
    cr_expect_eq(number_at(finding, "epoll"), 6);
    cr_expect_eq(number_at(finding, "duplicate"), 5);
    expect_words(words, (const char *[]){"warning: pipe end (descriptor 3) was closed by close() in drop() while its duplicate 5 "
                                         "keeps it registered with epoll instance 6 [epoll-ghost]",
                                         "   closed by close()", "   registered by epoll_ctl()", "   created by pipe2()",
                                         "   duplicated by fcntl()", "epoll_ctl(6, EPOLL_CTL_DEL, ...)", NULL});
    json_decref(finding);
    free(words);
}

static json_int_t system_limit(const char *path)
{
    unsigned long long number = 0;
    FILE *file = fopen(path, "re");
    cr_assert(file != NULL && fscanf(file, "%llu", &number) == 1, "%s", path);
    fclose(file);
    return number > INT64_MAX ? INT64_MAX : (json_int_t)number;
}

static void expect_holder(const json_t *holder)
{
    cr_assert_not_null(holder, "nobody held anything");
    cr_expect_eq(number_at(holder, "live"), 17);
    cr_expect_str_eq(json_string_value(json_object_get(holder, "call")), "open");
    cr_expect_str_eq(json_string_value(json_object_get(holder, "kind")), "chardev");
    cr_expect_str_eq(json_string_value(json_object_get(holder, "name")), "/dev/null");
    double oldest = json_real_value(json_object_get(holder, "oldest_age"));
    double youngest = json_real_value(json_object_get(holder, "youngest_age"));
    cr_expect(0 < youngest && youngest < oldest && oldest < 60, "the oldest is %f, the youngest %f", oldest, youngest);
    const json_t *frame = json_array_get(json_object_get(holder, "frames"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(frame, "function")), "open_one");
}

/* 20 are allowed, 3 are standard streams, and one line has all the others. */
Test(misuse, a_limit_is_told_with_everything_around_it)
{
    char *words;
    json_t *finding = finding_of("tests/victims/limit_hit", "limit-hit", &words);
    const json_t *limits = json_object_get(finding, "limits");
    cr_assert(json_is_object(limits));
    cr_expect_str_eq(json_string_value(json_object_get(limits, "which")), "RLIMIT_NOFILE (hard)");
    cr_expect_eq(number_at(limits, "soft"), 20);
    cr_expect_eq(number_at(limits, "hard"), 20);
    cr_expect_eq(number_at(limits, "nr_open"), system_limit("/proc/sys/fs/nr_open"));
    cr_expect_eq(number_at(limits, "file_max"), system_limit("/proc/sys/fs/file-max"));
    cr_expect_eq(number_at(limits, "open"), 20);
    cr_expect_eq(number_at(limits, "peak"), 20);
    cr_expect_eq(json_array_size(json_object_get(limits, "holders")), 1);
    expect_holder(json_array_get(json_object_get(limits, "holders"), 0));
    json_decref(finding);
    free(words);
}
