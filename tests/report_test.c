/* The report: how findings group, what the command prints and what the gate says. Its recordings are made up. */
#include "report.h"
#include "story.h"
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(report, .init = story_begin, .fini = story_end);

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
