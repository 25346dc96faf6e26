/* The report: what rules find in a recording, how findings group, what the gate says. Its recordings are made up. */
#include "finding.h"
#include "headroom.h"
#include "report.h"
#include "rule.h"
#include "segment_maker.h"
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The story of each test: a session in its own folder, the model made of it, and what the rules found. */
static char *session;
static struct segment_maker maker;
static struct model model;
static struct findings findings;

static void begin(void)
{
    session = scratch_make();
    maker_begin(&maker, 42, 1);
}

static void end(void)
{
    findings_free(&findings);
    model_free(&model);
    maker_free(&maker);
    scratch_remove(session);
}

TestSuite(report, .init = begin, .fini = end);

/* Adds the image under construction to the session and begins another one. */
static void record(int next_pid, uint32_t next_image)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%d.%u.fdt", session, maker.header->pid, maker.header->image);
    cr_assert_eq(maker_write(&maker, path), 0);
    uint64_t now = maker.now;
    maker_free(&maker);
    maker_begin(&maker, next_pid, next_image);
    maker.now = maker.header->start_monotonic_ns = now + 1;
}

static void judge_with(const struct known_end *ends, size_t end_count)
{
    char error[512] = "";
    int code = model_load(&model, (const char *const[]){session}, 1, ends, end_count, error, sizeof(error));
    cr_assert_eq(code, 0, "%s", error);
    cr_assert_eq(findings_gather(&findings, &model), 0);
}

static void judge(void)
{
    judge_with(NULL, 0);
}

/* The finding of this rule; there must be exactly one, or none when `how_many` is 0. */
static const struct finding *only(const char *rule, size_t how_many)
{
    const struct finding *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i]->rule->id, rule) == 0) {
            found = findings.items[i];
            count++;
        }
    cr_assert_eq(count, how_many, "%zu findings of %s", count, rule);
    return found;
}

Test(report, many_leaks_of_one_line_are_one_finding)
{
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    maker.header->nofile_soft = maker.header->nofile_hard = MAKER_SLOTS;
    for (int fd = 3; fd < 5003; fd++)
        maker_birth(&maker, fd, site, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    const struct finding *leak = only("leak-at-exit", 1);
    cr_assert_eq(leak->count, 5000);
    cr_assert_eq(leak->descriptor_count, 5000);
    cr_assert_eq(findings.count, 1);
    cr_assert_not_null(strstr(leak->message, "5000 files opened"));
    cr_assert_eq(model.images[0].births, 5000);
    cr_assert_eq(model.images[0].deaths, 0);
}

Test(report, what_is_no_leak_is_not_accused)
{
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    static const uint64_t innocent[] = {FDT_INHERITED, FDT_ADOPTED, FDT_HIDDEN, FDT_IGNORED};
    for (int fd = 0; fd < 3; fd++)
        maker_birth(&maker, fd, site, FDT_FILE, NULL, FDT_CLOEXEC);
    for (int i = 0; i < 4; i++)
        maker_birth(&maker, 3 + i, site, FDT_FILE, NULL, FDT_CLOEXEC | innocent[i]);
    maker_birth(&maker, 7, site, FDT_FILE, NULL, FDT_CLOEXEC);
    maker_death(&maker, 7, maker_site_at(&maker, "close", 0x200));
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    cr_assert_eq(findings.count, 0);
    static const char *const states[] = {"open", "open", "open", "inherited", "open", "hidden", "ignored"};
    cr_assert_eq(model.images[0].open_count, 7);
    for (int fd = 0; fd < 7; fd++)
        cr_assert_str_eq(descriptor_state(&model.images[0].open[fd]), states[fd]);
}

Test(report, a_killed_image_leaks_a_running_or_replaced_one_does_not)
{
    /* Three images alike, but for how they ended: 42 was killed, 43 went on by exec, and we are the third ourselves. */
    char running[256];
    for (int i = 0; i < 2; i++) {
        maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, NULL, FDT_CLOEXEC);
        if (i == 1)
            maker.header->state = FDT_STATE_EXECING;
        record(i == 0 ? 43 : getpid(), i == 0 ? 1 : 1);
    }
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, NULL, FDT_CLOEXEC);
    snprintf(running, sizeof(running), "%s/%d.1.fdt", session, getpid());
    record(43, 2);
    maker_exit(&maker, 0);
    record(44, 1);
    int fd = open(running, O_RDONLY | O_CLOEXEC);
    void *mapping = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    cr_assert_neq(mapping, MAP_FAILED);
    close(fd);
    static const struct known_end ends[] = {{42, {END_SIGNAL, 9}}};
    judge_with(ends, 1);
    munmap(mapping, 4096);
    const struct finding *leak = only("leak-at-exit", 1);
    cr_assert_eq(leak->count, 1);
    cr_assert_eq(leak->images[0]->pid, 42);
    cr_assert_eq(leak->images[0]->end.how, END_SIGNAL);
    cr_assert_eq(leak->images[0]->end.status, 9);
    static const enum end_how expected[] = {END_SIGNAL, END_EXEC, END_RUNNING, END_EXIT};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(model.images[i].end.how, expected[i], "image %d: %s", i + 1, end_name(model.images[i].end.how));
}

Test(report, both_ends_of_a_pipe_are_one_finding)
{
    uint32_t site = maker_site_at(&maker, "pipe2", 0x100);
    maker_birth(&maker, 3, site, FDT_PIPE, NULL, FDT_CLOEXEC);
    maker_birth(&maker, 4, site, FDT_PIPE, NULL, FDT_CLOEXEC);
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    cr_assert_eq(only("leak-at-exit", 1)->count, 2);
}

Test(report, images_of_one_program_share_a_finding_wherever_it_was_loaded)
{
    static const uint64_t where[] = {0x10000000, 0x20000000, 0x30000000};
    for (int i = 0; i < 3; i++) {
        maker_module(&maker, "/srv/libconn.so", where[i], 0x1000);
        memset(maker.modules[1].build_id, 7, 20);
        uint32_t site = maker_site(&maker, "socket", (uint64_t[]){where[i] + 0x10, MAKER_CODE + 0x20, 0});
        maker_birth(&maker, 3, site, FDT_SOCKET_INET, NULL, FDT_CLOEXEC);
        if (i == 2)
            strcpy(maker.header->exe, "/srv/other"); /* another program: another finding */
        maker_exit(&maker, 0);
        record(43 + i, 1);
    }
    judge();
    only("leak-at-exit", 2);
    const struct finding *shared = findings.items[0];
    cr_assert_eq(shared->count, 2);
    cr_assert_eq(shared->image_count, 2);
    cr_assert_eq(shared->images[0]->id, 1);
    cr_assert_eq(shared->images[1]->id, 2);
}

Test(report, a_fingerprint_knows_no_addresses)
{
    uint64_t prints[2];
    for (int i = 0; i < 2; i++) {
        uint64_t start = i == 0 ? 0x10000000 : 0x70000000;
        if (i == 1) {
            findings_free(&findings);
            model_free(&model);
            maker.header->pid = 77;
            strcpy(maker.header->exe, "/elsewhere/app");
        }
        maker_module(&maker, i == 0 ? "/srv/libconn.so" : "/opt/libconn.so", start, 0x1000);
        uint32_t site = maker_site(&maker, "open", (uint64_t[]){start + 0x40, 0});
        maker_birth(&maker, 3 + i, site, FDT_FILE, NULL, FDT_CLOEXEC);
        maker_exit(&maker, 0);
        record(42, 1);
        judge();
        for (size_t j = 0; j < findings.count; j++)
            if (findings.items[j]->images[0]->pid == (i == 0 ? 42 : 77))
                prints[i] = findings.items[j]->fingerprint;
    }
    cr_assert_eq(prints[0], prints[1]);
}

Test(report, misuse_has_its_three_stacks)
{
    uint32_t born = maker_site_at(&maker, "open", 0x100), died = maker_site_at(&maker, "close", 0x200);
    uint32_t again = maker_site_at(&maker, "close", 0x300), use = maker_site_at(&maker, "read", 0x400);
    maker_birth(&maker, 5, born, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_death(&maker, 5, died);
    maker_incident(&maker, FDT_INCIDENT_DOUBLE_CLOSE, 5, again, EBADF)->count = 3;
    maker_incident(&maker, FDT_INCIDENT_BAD_USE, 5, use, EBADF);
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    const struct finding *closed = only("double-close", 1), *used = only("use-after-close", 1);
    cr_assert_eq(closed->count, 3);
    cr_assert_eq(closed->stack_count, 3);
    cr_assert_eq(finding_stack(closed, "second-close")->site, again);
    cr_assert_eq(finding_stack(closed, "death")->site, died);
    cr_assert_eq(finding_stack(closed, "birth")->site, born);
    cr_assert_eq(finding_stack(used, "use")->site, use);
    cr_assert_str_eq(finding_stack(used, "use")->call, "read");
    cr_assert_str_eq(descriptor_state(&closed->descriptors[0]), "closed");
}

Test(report, a_close_that_failed_has_closed)
{
    uint32_t born = maker_site_at(&maker, "open", 0x100), died = maker_site_at(&maker, "close", 0x200);
    maker_birth(&maker, 5, born, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_death(&maker, 5, died);
    maker_incident(&maker, FDT_INCIDENT_DOUBLE_CLOSE, 5, died, EBADF)->death.error = EINTR;
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    const struct finding *closed = only("double-close", 1);
    cr_expect_not_null(strstr(closed->message, "EINTR"), "%s", closed->message);
    cr_expect_not_null(strstr(closed->suggestion, "do not call it again"), "%s", closed->suggestion);
}

Test(report, frames_of_the_tracer_are_never_shown)
{
    maker_module(&maker, "/usr/lib/libfdtrace.so", 0x10000000, 0x1000);
    uint32_t site = maker_site(&maker, "open", (uint64_t[]){0x10000010, MAKER_CODE + 0x20, 0x99, 0});
    maker.sites[site].flags = FDT_SITE_SYSCALL | FDT_SITE_CUT;
    maker_birth(&maker, 3, site, FDT_FILE, NULL, FDT_CLOEXEC);
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    struct model_stack stack = only("leak-at-exit", 1)->stacks[0].stack;
    cr_assert_eq(stack.count, 2);
    cr_assert_str_eq(stack.frames[0].module, "/srv/app");
    cr_assert_eq(stack.frames[0].offset, 0x20);
    cr_assert_null(stack.frames[1].module);
    cr_assert_eq(stack.frames[1].offset, 0x99);
    cr_assert(stack.via_syscall && stack.cut && stack.stuck);
}

Test(report, missing_cloexec_names_the_call_that_set_it_in_vain)
{
    uint32_t first = maker_site_at(&maker, "open", 0x100), second = maker_site_at(&maker, "open", 0x110);
    maker_birth(&maker, 3, first, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_birth(&maker, 4, second, FDT_FILE, "/etc/group", 0);
    uint32_t set = maker_site_at(&maker, "fcntl", 0x120);
    maker_incident(&maker, FDT_INCIDENT_FLAG_AGAIN, 3, set, 0)->before.birth_site = second;
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    const struct finding *missing = only("missing-cloexec", 1);
    cr_expect_not_null(strstr(missing->suggestion, "on descriptor 3 (file \"/etc/passwd\"), which had it already"), "%s",
                       missing->suggestion);
    cr_expect_not_null(finding_stack(missing, "set-again"));
    uint64_t fingerprint = missing->fingerprint;
    findings_free(&findings);
    model.images[0].segment->incidents[0].before.birth_site = first;
    cr_assert_eq(findings_gather(&findings, &model), 0);
    missing = only("missing-cloexec", 1);
    cr_expect_null(strstr(missing->suggestion, "already"), "%s", missing->suggestion);
    cr_expect_eq(missing->fingerprint, fingerprint, "a hint makes it no other finding");
}

Test(report, limits_name_the_limit)
{
    uint32_t site = maker_site_at(&maker, "socket", 0x100);
    maker_incident(&maker, FDT_INCIDENT_LIMIT, -1, site, EMFILE)->count = 12;
    maker_incident(&maker, FDT_INCIDENT_LIMIT, -1, site, ENFILE);
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    only("limit-hit", 2);
    cr_assert_eq(findings.items[0]->count, 12);
    cr_assert_not_null(strstr(findings.items[0]->message, "1024 (EMFILE)"));
    cr_assert_not_null(strstr(findings.items[1]->message, "ENFILE"));
    cr_assert_eq(findings.items[0]->descriptor_count, 0);
}

/* What the first refusal left behind, and the limit of then: it was raised since. */
Test(report, limit_hit_tells_who_held_what)
{
    uint32_t refused = maker_site_at(&maker, "socket", 0x100), held = maker_site_at(&maker, "open", 0x200);
    maker_birth(&maker, 3, held, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_incident(&maker, FDT_INCIDENT_LIMIT, -1, refused, EMFILE);
    struct fdt_incident *holder = maker_incident(&maker, FDT_INCIDENT_HOLDER, 3, refused, EMFILE);
    holder->count = 1000;
    holder->limit = holder->life.ns;
    maker.header->nofile_soft = 4096;
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    const struct finding_limits *limits = only("limit-hit", 1)->limits;
    cr_assert_not_null(limits);
    cr_assert_eq(limits->soft, 1024);
    cr_assert_eq(limits->open, 1);
    cr_assert_eq(limits->holder_count, 1);
    cr_assert_eq(limits->holders[0].live, 1000);
    cr_assert_str_eq(limits->holders[0].oldest.life->name, "/etc/passwd");
    cr_assert_eq(limits->holders[0].stack.count, 1);
    cr_assert_float_eq(limits->holders[0].oldest_age, 0.002, 1e-9);
}

/*
 * A program that still runs, as its recording says: it began an hour ago, and this process maps the file as it would. One
 * birth a minute at most; those that live `kept` minutes are closed in time. The samples show no more than `level`.
 */
static void run_for_an_hour(unsigned last_minute, unsigned kept, uint64_t level)
{
    const uint64_t minute = UINT64_C(60000000000);
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    if (clock.tv_sec <= 60 * 60)
        cr_skip_test("this machine has been up for less than an hour");
    maker.header->pid = getpid();
    maker.header->start_monotonic_ns = maker.now =
        (uint64_t)clock.tv_sec * 1000000000 + (uint64_t)clock.tv_nsec - 60 * minute;
    uint32_t opens = maker_site_at(&maker, "open", 0x100), closes = maker_site_at(&maker, "close", 0x200);
    struct fdt_site *site = &maker.sites[opens];
    site->first_ns = maker.now;
    for (unsigned i = 0; i <= last_minute; i++) {
        maker.now = maker.header->start_monotonic_ns + i * minute + minute / 2; /* far from any quarter of the hour */
        if (i >= kept)
            maker_death(&maker, 3 + (int)(i - kept), closes);
        maker_birth(&maker, 3 + (int)i, opens, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
        if ((site->births & (site->births - 1)) == 0)
            site->samples[__builtin_ctzll(site->births) % FDT_SAMPLES] = (struct fdt_sample){
                maker.now, (uint32_t)(site->births - site->deaths < level ? site->births - site->deaths : level),
                (uint32_t)site->births};
    }
    char path[256];
    snprintf(path, sizeof(path), "%s/%d.1.fdt", session, getpid());
    cr_assert_eq(maker_write(&maker, path), 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *mapping = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    cr_assert_neq(mapping, MAP_FAILED);
    close(fd);
    judge();
    cr_assert_eq(model.images[0].end.how, END_RUNNING);
    munmap(mapping, 4096);
}

Test(report, growth_is_told_while_it_goes_on)
{
    run_for_an_hour(59, 1000, 1000);
    const struct finding *growth = only("leak-growth", 1);
    cr_assert_eq(growth->count, 60);
    cr_assert_not_null(strstr(growth->message, " an hour"), "%s", growth->message);
    cr_assert_not_null(strstr(growth->suggestion, "limit of 1024 in 16 hours"), "%s", growth->suggestion);
    only("leak-at-exit", 0);
}

Test(report, a_warm_up_is_no_growth)
{
    run_for_an_hour(31, 1000, 1000);
    only("leak-growth", 0);
}

Test(report, a_level_that_was_found_is_no_growth)
{
    run_for_an_hour(59, 20, 1000);
    only("leak-growth", 0);
}

/* Old and young ones are open, but there were as many before: some live long. */
Test(report, samples_that_do_not_rise_are_no_growth)
{
    run_for_an_hour(59, 1000, 16);
    only("leak-growth", 0);
}

/* What growth is judged by comes from the library: 5,000 births at one line leave samples of the latest powers of two. */
Test(report, births_are_sampled)
{
    char error[512] = "";
    const char *options = text("session=%s:report=none", session);
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("tests/victims/leak_many"), NULL}, .tracing = PRELOADED, .options = options});
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    outcome_free(&outcome);
    cr_assert_eq(model_load(&model, (const char *const[]){session}, 1, NULL, 0, error, sizeof(error)), 0, "%s", error);
    const struct segment *segment = model.images[0].segment;
    const struct fdt_site *most = &segment->sites[0];
    for (uint32_t i = 0; i < segment->site_count; i++)
        if (segment->sites[i].births > most->births)
            most = &segment->sites[i];
    cr_assert_eq(most->births, 5000);
    for (unsigned exponent = 9; exponent <= 12; exponent++) {
        const struct fdt_sample *sample = &most->samples[exponent % FDT_SAMPLES];
        cr_assert_eq(sample->births, 1u << exponent);
        cr_assert_eq(sample->live, sample->births);
        cr_assert(sample->ns >= most->first_ns);
    }
}

/* The three witnesses of a stale path: a socket is there, it was made by that bind, and nobody has it any more. */
enum { SOCKET_ALIVE, SOCKET_OLDER, SOCKET_STALE };

static void leave_a_path(int how, size_t findings_expected)
{
    struct timespec monotonic, realtime;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/bound", session);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_REALTIME, &realtime);
    maker.now = maker.header->start_monotonic_ns = (uint64_t)monotonic.tv_sec * 1000000000 + (uint64_t)monotonic.tv_nsec;
    maker.header->start_realtime_ns = (uint64_t)realtime.tv_sec * 1000000000 + (uint64_t)realtime.tv_nsec;
    if (how == SOCKET_OLDER)
        maker.header->start_realtime_ns += UINT64_C(60000000000);
    maker_birth(&maker, 3, maker_site_at(&maker, "socket", 0x100), FDT_SOCKET_UNIX, text("unix:%s", address.sun_path), FDT_CLOEXEC);
    maker_incident(&maker, FDT_INCIDENT_BOUND, 3, maker_site_at(&maker, "bind", 0x200), 0);
    maker_death(&maker, 3, maker_site_at(&maker, "close", 0x300));
    maker_exit(&maker, 0);
    record(43, 1);
    if (how != SOCKET_ALIVE)
        close(fd);
    judge();
    only("stale-socket-path", findings_expected);
    if (how == SOCKET_ALIVE)
        close(fd);
}

Test(report, a_path_without_its_socket_is_stale)
{
    leave_a_path(SOCKET_STALE, 1);
}

Test(report, a_path_whose_socket_lives_elsewhere_is_none)
{
    leave_a_path(SOCKET_ALIVE, 0);
}

Test(report, a_path_that_another_bind_made_is_none)
{
    leave_a_path(SOCKET_OLDER, 0);
}

/* 80 of 100 is not above 80 percent, 81 is; numbers above the limit take no room below it. */
Test(report, limit_near_begins_above_its_percentage)
{
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    for (int image = 0; image < 3; image++) {
        site = maker_site_at(&maker, "open", 0x100);
        maker.header->nofile_soft = 100;
        for (int fd = 3; fd < (image == 0 ? 83 : 84); fd++)
            maker_birth(&maker, image == 2 && fd == 83 ? 2000 : fd, site, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
        maker_exit(&maker, 0);
        record(43 + image, 1);
    }
    judge();
    const struct finding *near = only("limit-near", 1);
    cr_assert_eq(near->images[0]->pid, 43);
    cr_assert_eq(near->count, 1);
    cr_assert_not_null(strstr(near->message, "81 of 100"));
}

Test(report, missing_cloexec_is_a_note_with_a_cure)
{
    uint32_t accepts = maker_site_at(&maker, "accept", 0x100), closes = maker_site_at(&maker, "close", 0x200);
    for (int i = 0; i < 3; i++) {
        maker_birth(&maker, 5, accepts, FDT_SOCKET_INET, NULL, 0);
        maker_death(&maker, 5, closes);
    }
    /* Redirecting standard output is what dup2 without the flag is for. */
    maker_birth(&maker, 1, maker_site_at(&maker, "dup2", 0x300), FDT_FILE, NULL, 0);
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    const struct finding *note = only("missing-cloexec", 1);
    cr_assert_eq(note->rule->severity, SEVERITY_NOTE);
    cr_assert_eq(note->count, 3);
    cr_assert_eq(note->descriptor_count, 1);
    cr_assert_not_null(strstr(note->suggestion, "accept4(..., SOCK_CLOEXEC)"));
    cr_assert_eq(findings.count, 1);
}

Test(report, an_exec_that_leaves_no_recording_is_not_traced)
{
    maker.header->state = FDT_STATE_EXECING;
    record(43, 1);
    maker.header->state = FDT_STATE_EXECING;
    record(43, 2);
    maker.header->predecessor_pid = 43;
    maker.header->predecessor_image = 1;
    maker_exit(&maker, 0);
    record(44, 1);
    judge();
    const struct finding *missing = only("not-traced", 1);
    cr_assert_eq(missing->images[0]->pid, 42);
    cr_assert_eq(missing->images[0]->predecessor->pid, 42);
    cr_assert_eq(model.image_count, 4);
    const struct image *last = &model.images[3];
    cr_assert_eq(last->number, 2);
    cr_assert_eq(last->predecessor->pid, 43);
    cr_assert_eq(last->predecessor->number, 1);
}

Test(report, a_damaged_recording_among_good_ones_is_not_traced)
{
    maker_exit(&maker, 0);
    record(43, 1);
    maker.header->parts[FDT_PART_TABLE].count = UINT32_MAX;
    record(44, 1);
    judge();
    cr_assert_not_null(strstr(only("not-traced", 1)->message, "damaged"));
}

Test(report, the_most_severe_comes_first)
{
    uint32_t site = maker_site_at(&maker, "open", 0x100), other = maker_site_at(&maker, "open", 0x200);
    maker_birth(&maker, 3, site, FDT_FILE, NULL, 0);
    maker_birth(&maker, 4, other, FDT_FILE, NULL, 0);
    maker_birth(&maker, 5, other, FDT_FILE, NULL, 0);
    maker_exit(&maker, 0);
    record(43, 1);
    judge();
    cr_assert_eq(findings.count, 4);
    cr_assert_str_eq(findings.items[0]->rule->id, "leak-at-exit");
    cr_assert_eq(findings.items[0]->count, 2);
    cr_assert_str_eq(findings.items[1]->rule->id, "leak-at-exit");
    cr_assert_eq(findings.items[2]->rule->severity, SEVERITY_NOTE);
}

/* The command itself, from here on: what it prints and how it exits. */
static struct outcome command(const char *const *arguments)
{
    const char *argv[16] = {built("fdtrace"), "report"};
    for (int i = 0; arguments[i] != NULL; i++)
        argv[2 + i] = arguments[i];
    return run(&(struct run){.argv = argv});
}
#define COMMAND(...) command((const char *const[]){__VA_ARGS__, NULL})

static void expect_code(struct outcome outcome, int code)
{
    cr_assert_eq(outcome_code(&outcome), code, "exit status %d, not %d: %s", outcome_code(&outcome), code, outcome.err);
    outcome_free(&outcome);
}

static void record_leak(void)
{
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/etc/passwd", 0);
    maker_exit(&maker, 0);
    record(43, 1);
}

Test(report, the_gate_knows_rules_and_thresholds)
{
    record_leak();
    expect_code(COMMAND(session), 0);
    expect_code(COMMAND("--fail-on=leak-at-exit", session), 99);
    expect_code(COMMAND("--fail-on=error", session), 99);
    expect_code(COMMAND("--fail-on", "warning", "--error-exitcode", "7", session), 7);
    expect_code(COMMAND("--fail-on=double-close,limit-hit", session), 0);
    expect_code(COMMAND("--fail-on=note,double-close", session), 99);
    expect_code(COMMAND("--fail-on=leek-at-exit", session), 2);
}

Test(report, untraced_images_fail_when_asked_to)
{
    maker.header->state = FDT_STATE_EXECING;
    record(43, 1);
    expect_code(COMMAND(session), 0);
    expect_code(COMMAND("--require-traced", session), 3);
    expect_code(COMMAND("--fail-on=warning", "--require-traced", session), 99);
}

Test(report, environment_equals_options)
{
    record_leak();
    const char *const argv[] = {built("fdtrace"), "report", session, NULL};
    expect_code(run(&(struct run){.argv = argv, .options = "fail_on=error"}), 0);
    expect_code(run(&(struct run){.argv = argv, .options = "fail_on=error:exitcode=5"}), 5);
    struct outcome outcome = run(&(struct run){.argv = argv, .options = "report=summary"});
    cr_assert_eq(strncmp(outcome.out, "fdtrace: 1 error, 1 note", 24), 0, "%s", outcome.out);
    outcome_free(&outcome);
}

static void expect_line(struct outcome outcome, const char *words)
{
    cr_assert_eq(outcome_code(&outcome), 2);
    cr_assert_str_eq(outcome.out, "");
    cr_assert_not_null(strstr(outcome.err, words), "'%s' does not say '%s'", outcome.err, words);
    char *newline = strchr(outcome.err, '\n');
    cr_assert(newline != NULL && newline[1] == '\0', "not one line: %s", outcome.err);
    outcome_free(&outcome);
}

Test(report, wrong_input_is_one_line_and_exit_2)
{
    char missing[256];
    snprintf(missing, sizeof(missing), "%s/not\033here", session);
    expect_line(COMMAND(session), "holds no recordings");
    expect_line(COMMAND(missing), "not\\x1bhere: No such file");
    expect_line(COMMAND(built("fdtrace")), "not an fdtrace recording");
    expect_line(COMMAND("--fromat=json", session), "did you mean --format?");
    expect_line(COMMAND("--format=xml", session), "unknown format 'xml'");
    expect_line(COMMAND("-o", "json", session), "FORMAT:FILE");
    expect_line(COMMAND("-o"), "needs a value");
    maker.header->min_reader = maker.header->version = 7;
    record(42, 1);
    expect_line(COMMAND(session), "made by a newer fdtrace (format 7");
}

Test(report, notes_are_counted_and_listed_on_request)
{
    record_leak();
    struct outcome outcome = COMMAND(session);
    cr_assert_null(strstr(outcome.out, "[missing-cloexec]"));
    cr_assert_not_null(strstr(outcome.out, "1 note"));
    outcome_free(&outcome);
    outcome = COMMAND("--show=note", session);
    cr_assert_not_null(strstr(outcome.out, "[missing-cloexec]"));
    outcome_free(&outcome);
}

Test(report, nothing_found_is_said_in_one_line)
{
    maker_exit(&maker, 0);
    record(43, 1);
    struct outcome outcome = COMMAND(session);
    cr_assert_str_eq(outcome.out, "fdtrace: no findings in 1 image: 0 descriptors opened, 0 open at the end\n");
    outcome_free(&outcome);
}

Test(report, names_cannot_command_the_terminal)
{
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/tmp/\033]0;x\007\xff\xe2\x80\xae\n", 0);
    maker_exit(&maker, 0);
    record(43, 1);
    struct outcome outcome = COMMAND(session);
    cr_assert_not_null(strstr(outcome.out, "\"/tmp/\\x1b]0;x\\x07\\xff\\u{202e}\\n\""), "%s", outcome.out);
    outcome_free(&outcome);
    outcome = COMMAND("--color=always", session);
    cr_assert_not_null(strstr(outcome.out, "\033[1;31merror"));
    outcome_free(&outcome);
}

/* Broken recordings must never break the reader: the whole way, from file to both formats, under a sanitizer in CI. */
Test(report, mutated_recordings_never_crash, .timeout = 300)
{
    char path[256];
    uint64_t random = UINT64_C(0x2545f4914f6cdd1d);
    FILE *nowhere = fopen("/dev/null", "we");
    uint32_t site = maker_site(&maker, "open", (uint64_t[]){MAKER_CODE + 1, MAKER_CODE + 9, 0});
    uint32_t closes = maker_site_at(&maker, "close", 0x200);
    for (int fd = 0; fd < 20; fd++)
        maker_birth(&maker, fd, site, FDT_FILE, "/etc/passwd", fd % 2 ? FDT_CLOEXEC : 0);
    maker_death(&maker, 5, closes);
    maker_incident(&maker, FDT_INCIDENT_DOUBLE_CLOSE, 5, closes, EBADF);
    maker_incident(&maker, FDT_INCIDENT_BAD_USE, 5, closes, EBADF);
    maker_incident(&maker, FDT_INCIDENT_LIMIT, -1, site, EMFILE);
    maker.header->pid = getpid();
    snprintf(path, sizeof(path), "%s/42.1.fdt", session);
    /* Where the bytes that matter lie: the header, and the beginning of every part. */
    const size_t reach = 4096;
    for (int round = 0; round < 3000; round++) {
        struct segment_maker mutant = maker;
        mutant.memory = memcpy(malloc(maker.size), maker.memory, maker.size);
        for (unsigned i = 0; i <= random % 12; i++) {
            static const unsigned char odd[] = {0, 1, 0x7f, 0x80, 0xff};
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            uint64_t part = random >> 8 & 7;
            uint64_t start = part < FDT_PART_COUNT ? maker.header->parts[part].offset : 0;
            unsigned char byte = random & 1 ? odd[random % 5] : (unsigned char)(random >> 40);
            mutant.memory[start + (random >> 16) % reach] = (char)byte;
        }
        if (random % 16 == 0)
            mutant.size = (random >> 20) % maker.size;
        cr_assert_eq(maker_write(&mutant, path), 0);
        free(mutant.memory);
        struct report_options options;
        struct report_result result;
        cr_assert_eq(report_options_init(&options, nowhere), 0);
        report_option(&options, REPORT_OPTION_FIRST, "json");
        report_option(&options, REPORT_OPTION_FIRST, "text");
        int code = report_session((const char *const[]){session}, 1, &options, &result);
        cr_assert(code == 0 || result.error[0] != '\0');
        report_options_free(&options);
    }
    fclose(nowhere);
}
