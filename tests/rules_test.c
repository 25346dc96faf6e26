/* What each rule finds in a recording, and what it leaves alone. The recordings are made up. */
#include "headroom.h"
#include "story.h"
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

TestSuite(rules, .init = story_begin, .fini = story_end);

Test(rules, many_leaks_of_one_line_are_one_finding)
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

Test(rules, what_is_no_leak_is_not_accused)
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

Test(rules, a_killed_image_leaks_a_running_or_replaced_one_does_not)
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

Test(rules, misuse_has_its_three_stacks)
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

Test(rules, a_close_that_failed_has_closed)
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

Test(rules, missing_cloexec_names_the_call_that_set_it_in_vain)
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
    const char *hint = "on descriptor 3 (file \"/etc/passwd\"), which had it already";
    cr_expect_not_null(strstr(missing->suggestion, hint), "%s", missing->suggestion);
    cr_expect_not_null(finding_stack(missing, "set-again"));
    uint64_t fingerprint = missing->fingerprint;
    findings_free(&findings);
    model.images[0].segment->incidents[0].before.birth_site = first;
    cr_assert_eq(findings_gather(&findings, &model), 0);
    missing = only("missing-cloexec", 1);
    cr_expect_null(strstr(missing->suggestion, "already"), "%s", missing->suggestion);
    cr_expect_eq(missing->fingerprint, fingerprint, "a hint makes it no other finding");
}

Test(rules, limits_name_the_limit)
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
Test(rules, limit_hit_tells_who_held_what)
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
 * A program that still runs, as its recording says: it began an hour ago, and this process maps the file as it would.
 * One birth a minute at most; those that live `kept` minutes are closed in time. The samples show no more than `level`.
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

Test(rules, growth_is_told_while_it_goes_on)
{
    run_for_an_hour(59, 1000, 1000);
    const struct finding *growth = only("leak-growth", 1);
    cr_assert_eq(growth->count, 60);
    cr_assert_not_null(strstr(growth->message, " an hour"), "%s", growth->message);
    cr_assert_not_null(strstr(growth->suggestion, "limit of 1024 in 16 hours"), "%s", growth->suggestion);
    only("leak-at-exit", 0);
}

Test(rules, a_warm_up_is_no_growth)
{
    run_for_an_hour(31, 1000, 1000);
    only("leak-growth", 0);
}

Test(rules, a_level_that_was_found_is_no_growth)
{
    run_for_an_hour(59, 20, 1000);
    only("leak-growth", 0);
}

/* Old and young ones are open, but there were as many before: some live long. */
Test(rules, samples_that_do_not_rise_are_no_growth)
{
    run_for_an_hour(59, 1000, 16);
    only("leak-growth", 0);
}

/* What growth is judged by comes from the library: 5,000 births at a line leave samples of the latest powers of two. */
Test(rules, births_are_sampled)
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
    maker.now = (uint64_t)monotonic.tv_sec * 1000000000 + (uint64_t)monotonic.tv_nsec;
    maker.header->start_monotonic_ns = maker.now;
    maker.header->start_realtime_ns = (uint64_t)realtime.tv_sec * 1000000000 + (uint64_t)realtime.tv_nsec;
    if (how == SOCKET_OLDER)
        maker.header->start_realtime_ns += UINT64_C(60000000000);
    maker_birth(&maker, 3, maker_site_at(&maker, "socket", 0x100), FDT_SOCKET_UNIX, text("unix:%s", address.sun_path),
                FDT_CLOEXEC);
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

Test(rules, a_path_without_its_socket_is_stale)
{
    leave_a_path(SOCKET_STALE, 1);
}

Test(rules, a_path_whose_socket_lives_elsewhere_is_none)
{
    leave_a_path(SOCKET_ALIVE, 0);
}

Test(rules, a_path_that_another_bind_made_is_none)
{
    leave_a_path(SOCKET_OLDER, 0);
}

/* 80 of 100 is not above 80 percent, 81 is; numbers above the limit take no room below it. */
Test(rules, limit_near_begins_above_its_percentage)
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

Test(rules, missing_cloexec_is_a_note_with_a_cure)
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

Test(rules, an_exec_that_leaves_no_recording_is_not_traced)
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

Test(rules, a_damaged_recording_among_good_ones_is_not_traced)
{
    maker_exit(&maker, 0);
    record(43, 1);
    maker.header->parts[FDT_PART_TABLE].count = UINT32_MAX;
    record(44, 1);
    judge();
    cr_assert_not_null(strstr(only("not-traced", 1)->message, "damaged"));
}
