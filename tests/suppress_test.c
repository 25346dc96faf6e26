/* Suppressions and allowed descriptors: what fits, what does not, and what is wrong with a list. */
#include "gate_support.h"
#include "suppress.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
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

TestSuite(suppress, .init = begin, .fini = end);

/* A list, and how many of many_ways' three leaks are left when it applies. */
struct fitting {
    const char *list;
    int left;
};

static const struct fitting fittings[] = {
    {"leak-at-exit:open_log\n", 2},
    {"leak-at-exit:open_*\n", 1},
    {"leak-at-exit:helper\n", 1},
    {"leak-at-exit:*/gate/many_ways.c\n", 0},
    {"leak-at-exit:gate/many_ways.c\n", 0},
    {"leak-at-exit:many_ways\n", 0},
    {"leak-*:wake_up\n", 2},
    {"double-close:wake_up\n", 3},
    {"leak-at-exit:open\n", 3},
    {"[a]\nframes=helper;open_log;main\n", 2},
    {"[a]\nframes=open;helper;open_log\n", 2},
    {"[a]\nframes = helper ; open_log\n", 2},
    {"[a]\nframes=open_log;main\n", 3},
    {"[a]\nframes=...;open_log;main\n", 2},
    {"[a]\nframes=helper;...;main\n", 1},
    {"[a]\nframes=...;main;helper\n", 3},
    {"[a]\nframes=*;...;main\n", 0},
    {"[a]\nkind=eventfd\n", 2},
    {"[a]\nkind=file\nname=/etc/*\n", 2},
    {"[a]\nkind=file\nname=/dev/*\n", 3},
    {"[a]\nrule=leak-at-exit\nprogram=many_ways\n", 0},
    {"[a]\nrule=leak-at-exit\nprogram=many_days\n", 3},
    {"[a]\nframes=helper\nmax=2\n", 1},
    {"[a]\nframes=helper\nmax=1\n", 3},
    {"[a]\nframes=helper\nexpires=2999-12-31\nreason=some day\n", 1},
    {"[a]\nframes=helper\nexpires=2020-02-29\n", 3},
    {"# nothing\n\n", 3},
    {"[a]\r\nframes=helper\r\n", 1},
    {"[a]\nframes=helper\nmax=1\n[b]\nframes=helper;open_log\n", 2},
};

Test(suppress, what_fits)
{
    for (size_t i = 0; i < sizeof(fittings) / sizeof(fittings[0]); i++) {
        const struct fitting *one = &fittings[i];
        const char *list = gate_write(scratch, "list", one->list), *report = text("%s/report", scratch);
        struct outcome outcome =
            FDTRACE("run", "-o", text("json:%s", report), "--suppressions", list, "--", built("tests/gate/many_ways"));
        cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.err);
        outcome_free(&outcome);
        json_t *json = report_load(report);
        cr_expect_eq(report_count(json, NULL), (size_t)one->left, "%zu are left with:\n%s", report_count(json, NULL),
                     one->list);
        cr_expect_eq(json_integer_value(json_object_get(json, "suppressed")), 3 - one->left, "%s", one->list);
        json_decref(json);
    }
}

/* Lines that are wrong, the line of each, and what is said about it. */
struct mistake {
    const char *list;
    unsigned line;
    const char *told;
};

static const struct mistake mistakes[] = {
    {"leek-at-exit:main\n", 1, "did you mean 'leak-at-exit'"},
    {"\n# x\nleak-at-exit:\n", 3, "wants a glob"},
    {"main\n", 1, "neither"},
    {"frames=main\n", 1, "begin one with"},
    {"[a\n", 1, "a block begins with [NAME]"},
    {"[]\n", 1, "a block begins with [NAME]"},
    {"[a]\nfames=main\n", 2, "did you mean 'frames='"},
    {"[a]\nrule=double-closing\n", 2, "did you mean 'double-close'"},
    {"[a]\nkind=event\n", 2, "did you mean 'eventfd'"},
    {"[a]\nmax=three\nrule=*\n", 2, "wants a number"},
    {"[a]\nmax=-1\nrule=*\n", 2, "wants a number"},
    {"[a]\nrule=*\nexpires=2031-02-30\n", 3, "YYYY-MM-DD"},
    {"[a]\nrule=*\nexpires=31-2-3\n", 3, "YYYY-MM-DD"},
    {"[a]\nrule=*\nrule=*\n", 3, "twice"},
    {"[a]\nrule=*\nframes=\n", 3, "wants a value"},
    {"[a]\nreason=why not\n[b]\nrule=*\n", 1, "fits everything"},
    {"\n[a]\nreason=why not\n", 2, "fits everything"},
};

Test(suppress, what_is_wrong)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct suppressions list = {0};
        char error[256] = "";
        cr_expect(suppressions_read(&list, mistakes[i].list, "ci.supp", false, error, sizeof(error)) < 0,
                  "accepted:\n%s", mistakes[i].list);
        const char *place = text("ci.supp:%u: ", mistakes[i].line);
        cr_expect(strncmp(error, place, strlen(place)) == 0 && strstr(error, mistakes[i].told) != NULL,
                  "%s\nearned: %s", mistakes[i].list, error);
        suppressions_free(&list);
    }
}

Test(suppress, a_bad_list_stops_the_run_before_it_begins)
{
    const char *list = gate_write(scratch, "list", "leak-at-exit:x\nmax=3\n"), *made = text("%s/made", scratch);
    gate_expect(FDTRACE("run", "--suppressions", list, "--", "touch", made), 2, "list:2: ");
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){"test", "-e", made, NULL}});
    cr_expect_neq(outcome_code(&outcome), 0, "the command was run");
    outcome_free(&outcome);
    gate_expect(FDTRACE("run", "--suppressions", "/nowhere/list", "--", "true"), 2, "/nowhere/list: No such file");
    gate_expect(FDTRACE("run", "--suppressions", "/", "--", "true"), 2, "Is a directory");
}

Test(suppress, those_that_did_nothing_are_named)
{
    const char *list = gate_write(scratch, "list",
                                  "leak-at-exit:helper\nleak-at-exit:nobody\n"
                                  "[old]\nframes=wake_up\nexpires=2020-01-01\n[few]\nframes=wake_up\nmax=0\n");
    struct outcome outcome = FDTRACE("run", "--suppressions", list, "--", built("tests/gate/many_ways"));
    static const char *const pieces[] = {"; 2 suppressed",      "unused: leak-at-exit:nobody (", "list:2)",
                                         "expired: old (",      "list:3, on 2020-01-01)",        "exceeded: few (",
                                         "list:6, 1 and not 0)"};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        cr_expect_not_null(strstr(outcome.err, pieces[i]), "'%s' is not in:\n%s", pieces[i], outcome.err);
    cr_expect_null(strstr(outcome.err, "leak-at-exit:helper ("), "%s", outcome.err);
    outcome_free(&outcome);
}

/* What is printed for a project to keep silences exactly what it was printed for. */
Test(suppress, generated_ones_fit)
{
    const char *list = text("%s/list", scratch);
    gate_expect(FDTRACE("run", "-o", text("suppressions:%s", list), "--", built("tests/gate/many_ways")), 0, "");
    gate_expect(FDTRACE("run", "--suppressions", list, "--fail-on=note", "--", built("tests/gate/many_ways")), 0,
                "; 3 suppressed");
    gate_expect(
        FDTRACE("run", "--suppressions", list, "--fail-on=leak-at-exit", "--", built("tests/gate/many_ways"), "1"), 99,
        "1 leak-at-exit");
    gate_expect(FDTRACE("run", "--gen-suppressions", "--", built("tests/gate/many_ways")), 0,
                "frames=helper;open_log;main");
}

/* A program may be called anything: what is printed for it is one line a key, inert on a terminal, and fits it all the
 * same. */
Test(suppress, hostile_names)
{
    static const char *const names[] = {" ways ",           "a\nrule=*\n[b]",       "a;b=c:[d]*?\\",
                                        "\033]0;owned\007", "\xff\xfe\xe2\x80\xae", "wäys"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *program = text("%s/%s", scratch, names[i]), *list = text("%s/list", scratch);
        gate_expect(run(&(struct run){.argv = (const char *[]){"cp", built("tests/gate/many_ways"), program, NULL}}), 0,
                    "");
        gate_expect(FDTRACE("run", "-o", text("suppressions:%s", list), "--", program), 0, "");
        gate_expect(FDTRACE("run", "--suppressions", list, "--", program), 0, "; 3 suppressed");
        gate_expect(FDTRACE("run", "--write-baseline", "-", "--gen-suppressions", "--", program), 0, "!\033");
        struct outcome outcome = run(&(struct run){.argv = (const char *[]){"grep", "-c", "^program=", list, NULL}});
        cr_expect_str_eq(outcome.out, "3\n", "%s", outcome.out);
        outcome_free(&outcome);
        outcome = FDTRACE("run", "--write-baseline", "-", "--report=none", "--", program);
        cr_expect_null(strpbrk(outcome.out, "\033\007"), "%s", outcome.out);
        cr_expect_null(strstr(outcome.out, "\nrule="), "%s", outcome.out);
        outcome_free(&outcome);
    }
}

Test(suppress, lists_add_up)
{
    const char *first = strdup(gate_write(scratch, "first", "leak-at-exit:open_log\n"));
    const char *second = gate_write(scratch, "second", "leak-at-exit:wake_up\n");
    gate_expect(FDTRACE("run", "--suppressions", first, "--suppressions", second, "--", built("tests/gate/many_ways")),
                0, "; 2 suppressed");
    gate_expect(gate_fdtrace(text("suppressions=%s", first), (const char *[]){"run", "--suppressions", second, "--",
                                                                              built("tests/gate/many_ways"), NULL}),
                0, "; 2 suppressed");
    gate_expect(gate_fdtrace("suppressions=/nowhere", (const char *[]){"run", "--", "true", NULL}), 2, "/nowhere");
    free((void *)first);
}

Test(suppress, programs_bring_their_own)
{
    gate_expect(FDTRACE("run", "--", built("tests/gate/embedded")), 0,
                "1 error in 1 image: 3 descriptors opened, 3 open at "
                "the end; 2 suppressed");
    gate_expect(FDTRACE("run", "--", built("tests/gate/embedded_quietly")), 0, "; 1 suppressed");
    gate_expect(FDTRACE("run", "--", built("tests/gate/embedded_badly")), 2, "embedded_badly:2: ");
    gate_expect(FDTRACE("run", "--", built("tests/gate/embedded_vaguely")), 2, "FDTRACE_SUPPRESSIONS");
    gate_expect(FDTRACE("run", "--", built("tests/gate/embedded_elsewhere")), 2, "cannot be read");
}

Test(suppress, allowed_descriptors_are_no_leaks)
{
    const char *program = built("tests/gate/many_ways");
    gate_expect(FDTRACE("run", "--allow", "file:/etc/*", "--", program), 0, "2 errors in");
    gate_expect(FDTRACE("run", "--allow", "file:/dev/*", "--", program), 0, "3 errors in");
    gate_expect(FDTRACE("run", "--allow", "eventfd,chardev:/dev/null", "--allow", "file", "--", program), 0,
                "no findings");
    gate_expect(gate_fdtrace("allow=eventfd,file", (const char *[]){"run", "--", program, NULL}), 0, "1 error in");
    gate_expect(FDTRACE("run", "--allow", "fil:/etc/*", "--", program), 2, "did you mean 'file'");
    gate_expect(gate_fdtrace("allow=fil", (const char *[]){"report", "/nowhere", NULL}), 2, "did you mean 'file'");
}

/* One of each is usual; more is a leak. */
Test(suppress, what_usually_stays_open)
{
    const char *program = built("tests/gate/randomness");
    gate_expect(FDTRACE("run", "--", program, "1"), 0, "no findings");
    gate_expect(FDTRACE("run", "--", program, "3"), 0, "2 devices opened in main()");
    gate_expect(FDTRACE("run", "--no-builtin-allow", "--", program, "1"), 0, "1 error in");
    gate_expect(gate_fdtrace("builtin_allow=0", (const char *[]){"run", "--", program, "1", NULL}), 0, "1 error in");
}
