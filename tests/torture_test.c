/*
 * SIGKILL at random moments of a busy program with four threads: whatever was half written, the session is readable, and
 * no committed lifetime is missing. What was committed is known from the slate (torture/busy.h), which the program keeps
 * in shared memory of its own.
 */
#include "support.h"
#include "torture/busy.h"
#include "torture/scale.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>


static struct slate *slate_make(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    cr_assert(fd >= 0 && ftruncate(fd, sizeof(struct slate)) == 0);
    struct slate *slate = mmap(NULL, sizeof(*slate), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert_neq(slate, MAP_FAILED);
    close(fd);
    return slate;
}

/* Lets the program come as far as `operations`, then kills it. A moment is chosen by progress and not by the clock. */
static void run_and_kill(const char *path, const struct slate *slate, uint64_t operations, const char *session)
{
    struct running *running = run_start(&(struct run){.argv = (const char *[]){built("tests/torture/busy"), path, NULL},
                                                      .tracing = PRELOADED,
                                                      .options = text("session=%s:report=none:ring=4096", session),
                                                      .deadline = 60});
    while (__atomic_load_n(&slate->operations, __ATOMIC_RELAXED) < operations && kill(run_pid(running), 0) == 0)
        sched_yield();
    struct outcome outcome = run_finish(running, SIGKILL);
    cr_assert_eq(outcome_code(&outcome), 128 + SIGKILL, "it ended by itself with %d: %s", outcome_code(&outcome), outcome.err);
    outcome_free(&outcome);
}

static bool report_holds(const json_t *report, int number)
{
    size_t index, place;
    json_t *image, *descriptor;
    json_array_foreach(json_object_get(report, "images"), index, image)
        json_array_foreach(json_object_get(image, "open_at_end"), place, descriptor)
            if (json_integer_value(json_object_get(descriptor, "fd")) == number)
                return true;
    return false;
}

static void check_session(const char *session, const char *path, const struct slate *slate)
{
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("fdtrace"), "report", "-o", text("json:%s", path), session, NULL}});
    cr_assert_eq(outcome_code(&outcome), 0, "the session cannot be read: %d %s", outcome_code(&outcome), outcome.err);
    outcome_free(&outcome);
    json_t *report = report_load(path);
    for (int number = 3; number < SLATE_NUMBERS; number++)
        if (slate->announced[number])
            cr_expect(report_holds(report, number), "descriptor %d was open, and the report does not know it", number);
    cr_expect_eq(report_count(report, "double-close") + report_count(report, "use-after-close"), 0);
    json_decref(report);
}

Test(torture, killed_at_random_moments)
{
    unsigned seed = 20240229;
    for (int moment = 0, moments = torture_scale(200, 1000) / machine_slowness(); moment < moments; moment++) {
        char *scratch = scratch_make();
        const char *path = text("%s/slate", scratch), *session = text("%s/session", scratch);
        struct slate *slate = slate_make(path);
        /* Mostly early, when everything is new; sometimes after the ring has wrapped. */
        uint64_t operations = 1 + (uint64_t)rand_r(&seed) % (moment % 4 == 0 ? 20000 : 600);
        run_and_kill(path, slate, operations, session);
        check_session(session, text("%s/report.json", scratch), slate);
        munmap(slate, sizeof(*slate));
        scratch_remove(scratch);
    }
}

/* Each child is an image of its own, and none of their closes is the parent's. A private session: it goes child by child. */
Test(torture, ten_thousand_forks)
{
    struct outcome traced = run(&(struct run){.argv = (const char *[]){built("tests/torture/ten_thousand_forks"), NULL},
                                              .tracing = PRELOADED,
                                              .options = "report=none",
                                              .deadline = 100});
    cr_expect_not(traced.overdue, "it did not end");
    cr_expect_eq(outcome_code(&traced), 0, "it ended with %d: %s", outcome_code(&traced), traced.err);
    cr_expect_str_eq(traced.out, "10000 children ended well, and ours is open\n");
    cr_expect_not_null(strstr(traced.err, "table equals kernel"), "%s", traced.err);
    outcome_free(&traced);
}

/*
 * Nobody innocent is accused, nothing is taken away from anybody, and every process knows at its end what it has open: with
 * quarantine too, and whatever else is small or switched off.
 */
ParameterizedTestParameters(torture, storm)
{
    static char options[][64] = {"verify=1", "verify=1:quarantine=64", "verify=1:quarantine=1000:last_used=1",
                                 "verify=1:quarantine=3:ring=64:sites=64:depth=2", "verify=1:depth=0:ring=1:unwind=fp"};
    return (struct criterion_test_params){sizeof(options[0]), options, sizeof(options) / sizeof(options[0]), NULL};
}

ParameterizedTest(char options[64], torture, storm)
{
    char *scratch = scratch_make();
    const char *path = text("%s/report.json", scratch);
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("tests/torture/storm"), "operations", "3000", NULL},
        .tracing = UNDER_RUN, .report = path, .options = options, .deadline = 100});
    cr_assert_eq(outcome_code(&outcome), 0, "%s: it ended with %d: %s", options, outcome_code(&outcome), outcome.err);
    cr_expect_str_eq(outcome.out, "everybody closed what was theirs, and nothing else\n");
    cr_expect_not_null(strstr(outcome.err, "table equals kernel"), "%s: %s", options, outcome.err);
    cr_expect_null(strstr(outcome.err, " the kernel says "), "%s: %s", options, outcome.err);
    json_t *report = report_load(path);
    char *digest = report_digest(report);
    cr_expect_eq(report_count(report, NULL), 0, "%s: accused:\n%s", options, digest);
    free(digest);
    json_decref(report);
    outcome_free(&outcome);
    scratch_remove(scratch);
}

static void expect_no_differences(const char *program, int rounds, const char *options)
{
    char *scratch = scratch_make();
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built(program), text("%d", rounds), NULL}, .tracing = PRELOADED,
        .options = text("%s:log_path=%s/log", options, scratch), .deadline = 100});
    cr_expect_eq(outcome_code(&outcome), 0, "%s: it ended with %d: %s", options, outcome_code(&outcome), outcome.err);
    cr_expect_str_eq(outcome.out, "0 differences\n", "%s: %s", options, outcome.out);
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/*
 * One thread records its close, a stale one of another thread frees the number, a third is given it, and the first one's close
 * takes that away: the table must not tell of what is not there. Rare: a slice seldom meets it.
 */
ParameterizedTestParameters(torture, stale_closes)
{
    static char options[][32] = {"report=none", "report=none:quarantine=64"};
    return (struct criterion_test_params){sizeof(options[0]), options, sizeof(options) / sizeof(options[0]), NULL};
}

ParameterizedTest(char options[32], torture, stale_closes)
{
    expect_no_differences("tests/torture/stale_closes", torture_scale(3000, 60000) / machine_slowness(), options);
}

/* What libc has closed by itself is kept after, not at once: somebody may have been given the number, and have closed it again. */
Test(torture, streams_and_numbers)
{
    int rounds = torture_scale(4, 50) / machine_slowness();
    expect_no_differences("tests/torture/streams_and_numbers", rounds, "report=none");
    expect_no_differences("tests/torture/streams_and_numbers", rounds, "report=none:quarantine=1");
    expect_no_differences("tests/torture/streams_and_numbers", rounds, "report=none:quarantine=64");
}
