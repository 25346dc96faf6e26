/*
 * Hostile programs: they do to a guest what real programs do sooner or later. Each one in tests/hostile prints what it
 * found; the same must come out bare, traced, and traced with a report. Where its comment says VERIFY, the library
 * compares its table with the kernel at the end, and both must agree about every number, kind and flag.
 */
#include "support.h"
#include "torture/scale.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct program {
    char source[200];
};

ParameterizedTestParameters(hostile, same_as_bare)
{
    glob_t found;
    size_t count = 0;
    const char *only = getenv("FDTRACE_HOSTILE"); /* make torture: one program at a time */
    if (glob(text("tests/hostile/%s.{c,cpp}", only != NULL ? only : "*"), GLOB_BRACE, NULL, &found) != 0)
        found.gl_pathc = 0;
    struct program *programs = cr_calloc(found.gl_pathc + 1, sizeof(*programs));
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (strstr(found.gl_pathv[i], "/lib") == NULL)
            snprintf(programs[count++].source, sizeof(programs->source), "%s", found.gl_pathv[i]);
    globfree(&found);
    return (struct criterion_test_params){sizeof(*programs), programs, count, NULL};
}

static struct outcome run_hostile(const char *name, enum tracing tracing, const char *options)
{
    return run(&(struct run){.argv = (const char *[]){built(text("tests/hostile/%s", name)), NULL},
                             .tracing = tracing,
                             .options = options,
                             .deadline = (unsigned)torture_scale(100, 1000)});
}

static void expect_same(const char *name, const char *how, const struct outcome *bare, const struct outcome *traced)
{
    cr_expect_not(traced->overdue, "%s, %s: did not end", name, how);
    cr_expect_eq(outcome_code(traced), outcome_code(bare), "%s, %s: ended with %d and not %d; it wrote: %s", name, how,
                 outcome_code(traced), outcome_code(bare), traced->err);
    cr_expect_str_eq(traced->out, bare->out, "%s, %s: wrote\n%sand not\n%s", name, how, traced->out, bare->out);
}

ParameterizedTest(struct program *program, hostile, same_as_bare)
{
    char *needs = directive(program->source, "NEEDS", 0), *verify = directive(program->source, "VERIFY", 0);
    if (needs != NULL && strcmp(needs, "root") == 0 && geteuid() != 0)
        cr_skip_test("%s: needs root", program->source);
    char *scratch = scratch_make();
    char name[100];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(strrchr(program->source, '/') + 1, "."),
             strrchr(program->source, '/') + 1);

    struct outcome bare = run_hostile(name, BARE, NULL);
    cr_assert_eq(outcome_code(&bare), 0, "%s does not work bare: %d %s", name, outcome_code(&bare), bare.err);
    struct outcome silent = run_hostile(name, PRELOADED, text("report=none:session=%s/silent", scratch));
    expect_same(name, "traced", &bare, &silent);
    cr_expect_str_eq(silent.err, bare.err, "%s, traced: wrote to standard error: %s", name, silent.err);
    struct outcome told = run_hostile(name, PRELOADED, text("log_path=%s/log:session=%s/told", scratch, scratch));
    expect_same(name, "with a report", &bare, &told);
    if (verify != NULL) {
        struct outcome verified =
            run_hostile(name, PRELOADED, text("verify=1:report=none:session=%s/verified", scratch));
        expect_same(name, "verified", &bare, &verified);
        cr_expect_not_null(strstr(verified.err, "table equals kernel"), "%s: %s", name, verified.err);
        outcome_free(&verified);
    }
    outcome_free(&bare);
    outcome_free(&silent);
    outcome_free(&told);
    free(needs);
    free(verify);
    scratch_remove(scratch);
}

/* What costs more than an ordinary event must be as quiet about it. */
Test(hostile, errno_is_kept_whatever_is_asked_for)
{
    static const char *const options[] = {"quarantine=64", "quarantine=1000:last_used=1", "depth=0", "unwind=fp",
                                          "unwind=libunwind", "check_stacks=1", "sites=64:ring=64:max_fds=256"};
    char *scratch = scratch_make();
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct outcome traced =
            run_hostile("errno_kept", PRELOADED, text("%s:report=none:session=%s/%zu", options[i], scratch, i));
        cr_expect_str_eq(traced.out, "0 times wrong\n", "%s: %s", options[i], traced.out);
        outcome_free(&traced);
    }
    scratch_remove(scratch);
}

/* --- surroundings that are hostile --- */

static unsigned lines_of_ours(const char *err)
{
    unsigned count = 0;
    for (const char *line = err; (line = strstr(line, "fdtrace: ")) != NULL; line++)
        count++;
    return count;
}

Test(surroundings, bad_options_are_told_and_skipped)
{
    struct outcome traced =
        run(&(struct run){.argv = (const char *[]){"/bin/echo", "hello", NULL},
                          .tracing = PRELOADED,
                          .options = "nonsense=1:depth=deep:report=none"});
    cr_expect_eq(outcome_code(&traced), 0);
    cr_expect_str_eq(traced.out, "hello\n");
    cr_expect_eq(lines_of_ours(traced.err), 2, "one line for each bad option, but: %s", traced.err);
    cr_expect_not_null(strstr(traced.err, "nonsense"));
    outcome_free(&traced);
}

Test(surroundings, an_unwritable_session_folder_is_told_once)
{
    struct outcome traced = run(&(struct run){.argv = (const char *[]){"/bin/echo", "hello", NULL},
                                              .tracing = PRELOADED,
                                              .options = "session=/proc/self/nowhere:report=none"});
    cr_expect_eq(outcome_code(&traced), 0);
    cr_expect_str_eq(traced.out, "hello\n");
    cr_expect_eq(lines_of_ours(traced.err), 1, "one line says why: %s", traced.err);
    cr_expect_not_null(strstr(traced.err, "/proc/self/nowhere"), "the line names the folder: %s", traced.err);
    outcome_free(&traced);
}

/* Runs a shell script in a mount namespace of its own, where it may cover things; skips where that is not allowed. */
static struct outcome run_covered(const char *script)
{
    if (geteuid() != 0)
        cr_skip_test("needs root, for a mount namespace");
    struct outcome trial = run(&(struct run){.argv = (const char *[]){"unshare", "-m", "true", NULL}});
    if (outcome_code(&trial) != 0)
        cr_skip_test("no mount namespace here: %s", trial.err);
    outcome_free(&trial);
    return run(&(struct run){.argv = (const char *[]){"unshare", "-m", "sh", "-ec", script, NULL}, .deadline = 100});
}

/* A session in a file system that has room for nothing, or soon will not: the program notices nothing of it. */
static void expect_held_works_on(const char *how, const char *mount)
{
    char *scratch = scratch_make();
    struct outcome bare = run_hostile("held", BARE, NULL);
    struct outcome traced = run_covered(text("cd %s; mkdir there; %s || { echo no mount; exit; }\n"
                                             "export FDTRACE_OPTIONS=report=none:session=%s/there/session\n"
                                             "LD_PRELOAD=%s exec %s",
                                             scratch, mount, scratch, built("libfdtrace.so"),
                                             built("tests/hostile/held")));
    if (strcmp(traced.out, "no mount\n") == 0)
        cr_skip_test("%s: %s", how, traced.err);
    expect_same("held", how, &bare, &traced);
    outcome_free(&bare);
    outcome_free(&traced);
    scratch_remove(scratch);
}

Test(surroundings, a_tmpfs_full_from_the_start)
{
    expect_held_works_on("a tmpfs of 16 KiB", "mount -t tmpfs -o size=16k tmpfs there");
}

Test(surroundings, a_tmpfs_that_fills_up)
{
    /* Room to begin with, not enough for the slots of so many numbers (256 bytes each). */
    expect_held_works_on("a tmpfs of 4 MiB", "mount -t tmpfs -o size=4m tmpfs there");
}

Test(surroundings, a_tmpfs_without_inodes)
{
    expect_held_works_on("two inodes", "mount -t tmpfs -o nr_inodes=2 tmpfs there");
    expect_held_works_on("one inode", "mount -t tmpfs -o nr_inodes=1 tmpfs there");
}

/* There a page is given its block when it is first written to, and the kernel has nothing but SIGBUS to say no with. */
Test(surroundings, a_disk_that_fills_up)
{
    expect_held_works_on("a disk of 3 MiB", "{ truncate -s 3M disk && mkfs.ext4 -q -F -O ^has_journal disk && "
                                            "mount -o loop disk there; }");
}

/* Numbers the table has no room for are counted, told, and no difference; those it has room for are right. */
Test(surroundings, numbers_beyond_the_table)
{
    struct outcome bare = run_hostile("held", BARE, NULL);
    struct outcome traced = run_hostile("held", PRELOADED, "max_fds=256:verify=1");
    expect_same("held", "a small table", &bare, &traced);
    cr_expect_not_null(strstr(traced.err, "table equals kernel; "), "%s", traced.err);
    cr_expect_not_null(strstr(traced.err, " more have no place in it (max_fds=)"), "%s", traced.err);
    cr_expect_not_null(strstr(traced.err, "births were not recorded for want of room"), "%s", traced.err);
    outcome_free(&bare);
    outcome_free(&traced);
}

/* A child whose clock is months ahead of its parent's, or behind: no age is negative. */
Test(surroundings, clocks_of_another_namespace)
{
    char *scratch = scratch_make();
    struct outcome traced = run_covered(
        text("unshare -Tf --monotonic 9000000 true || { echo no namespace; exit; }\n"
             "exec 5</dev/null\n"
             "%s run -o json:%s/report.json -- "
             "sh -c 'for ahead in 9000000 -50; do unshare -Tf --monotonic $ahead %s; done'",
             built("fdtrace"), scratch, built("tests/victims/leak_file")));
    if (strcmp(traced.out, "no namespace\n") == 0)
        cr_skip_test("no time namespace here: %s", traced.err);
    json_t *report = report_load(text("%s/report.json", scratch)), *image, *descriptor;
    size_t index, place, seen = 0;
    cr_expect_eq(report_count(report, "leak-at-exit"), 1, "%s", report_digest(report));
    json_array_foreach(json_object_get(report, "images"), index, image)
        json_array_foreach(json_object_get(image, "open_at_end"), place, descriptor) {
            seen++;
            cr_expect_geq(json_number_value(json_object_get(descriptor, "age")), 0);
        }
    cr_expect_gt(seen, 10);
    json_decref(report);
    outcome_free(&traced);
    scratch_remove(scratch);
}

Test(surroundings, no_libunwind)
{
    char *scratch = scratch_make();
    struct outcome traced =
        run_covered(text("for library in $(ldconfig -p | sed -n 's/.*libunwind\\.so\\.8.* => //p'); do\n"
                         "    mount --bind /dev/null $library\ndone\n"
                         "FDTRACE_OPTIONS=unwind=libunwind exec %s run -o json:%s/report.json -- %s",
                         built("fdtrace"), scratch, built("tests/victims/leak_file")));
    cr_expect_eq(outcome_code(&traced), 0, "%s", traced.err);
    json_t *report = report_load(text("%s/report.json", scratch));
    cr_expect_eq(report_count(report, "leak-at-exit"), 1);
    json_decref(report);
    outcome_free(&traced);
    scratch_remove(scratch);
}
