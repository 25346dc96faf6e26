/*
 * fdtrace run: what the command is handed, how its end becomes ours, what is refused and why, and what is left behind.
 * A refused program must not have run; what was not traced must never look like a pass.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define HELPER(name) built("tests/run/" name)
#define TRACE(...) trace(NULL, (const char *[]){built("fdtrace"), "run", __VA_ARGS__, NULL})
#define TRACE_IN(folder, ...) trace(folder, (const char *[]){built("fdtrace"), "run", __VA_ARGS__, NULL})

static struct outcome trace(const char *folder, const char *const *words)
{
    return run(&(struct run){.argv = words, .folder = folder});
}

static void expect_code(const struct outcome *outcome, int code)
{
    cr_expect_not(outcome->overdue, "it did not end");
    cr_expect_eq(outcome_code(outcome), code, "it ended with %d, not %d; it wrote:\n%s%s", outcome_code(outcome), code,
                 outcome->out, outcome->err);
}

static void expect_says(const struct outcome *outcome, const char *piece)
{
    cr_expect_not_null(strstr(outcome->err, piece), "not a word of '%s' in:\n%s", piece, outcome->err);
}

/* Wrong usage, or a command that cannot be: one line that says so, nothing ran, nothing was reported. */
static void expect_refusal(struct outcome outcome, int code, const char *piece)
{
    expect_code(&outcome, code);
    expect_says(&outcome, piece);
    const char *end = strchr(outcome.err, '\n');
    cr_expect(end != NULL && end[1] == '\0', "not one line:\n%s", outcome.err);
    cr_expect_eq(strncmp(outcome.err, "fdtrace run: ", 13), 0, "who says that? %s", outcome.err);
    cr_expect_str_empty(outcome.out, "it ran: %s", outcome.out);
    outcome_free(&outcome);
}

/* --- helpers that make files --- */

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "we");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0 || chmod(path, 0755) != 0)
        cr_assert_fail("cannot write %s", path);
}

static char *read_file(const char *path, size_t *size)
{
    char *bytes = NULL;
    FILE *file = fopen(path, "re"), *copy = open_memstream(&bytes, size);
    if (file == NULL || copy == NULL)
        cr_assert_fail("cannot read %s", path);
    for (int c; (c = getc(file)) != EOF;)
        putc(c, copy);
    fclose(file);
    fclose(copy);
    return bytes;
}

static const char *copy_file(const char *from, const char *to)
{
    size_t size;
    char *bytes = read_file(from, &size);
    write_file(to, bytes, size);
    free(bytes);
    return to;
}

static const char *script(const char *path, const char *text)
{
    write_file(path, text, strlen(text));
    return path;
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static time_t began;

static void __attribute__((constructor)) look_at_the_clock(void)
{
    began = time(NULL);
}

/*
 * Session folders of runs that this test has started are named after their fdtrace. A program that was killed long ago may
 * have left one under the same number: it is older than this test.
 */
static bool left_session(pid_t pid)
{
    glob_t found;
    struct stat status;
    bool left = false;
    if (glob(text("{/dev/shm,/tmp}/fdtrace-*-%d-*", (int)pid), GLOB_BRACE, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            left = left || (stat(found.gl_pathv[i], &status) == 0 && status.st_mtime >= began);
    globfree(&found);
    return left;
}

/* --- what the command is handed, and how it ends --- */

Test(run, status_is_the_commands_own)
{
    static const struct { const char *how, *number; int code; } ends[] = {
        {"exit", "0", 0}, {"exit", "7", 7}, {"exit", "126", 126}, {"signal", "15", 143}, {"signal", "9", 137},
        {"signal", "6", 134},
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct outcome outcome = TRACE("--", HELPER("status"), ends[i].how, ends[i].number);
        expect_code(&outcome, ends[i].code);
        outcome_free(&outcome);
    }
}

Test(run, streams_and_arguments_pass_through)
{
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("fdtrace"), "run", HELPER("status"), "exit", "0", "--help", "", "a b", NULL},
        .input = "typed\n"});
    expect_code(&outcome, 0);
    cr_expect_str_eq(outcome.out, "[status][exit][0][--help][][a b]\ntyped\n");
    cr_expect_eq(strncmp(outcome.err, "fdtrace: ", 9), 0, "the report goes to standard error: %s", outcome.err);
    outcome_free(&outcome);
}

/* Descriptors, mask and dispositions: those that fdtrace itself was given. */
Test(run, nothing_of_ours_is_inherited)
{
    struct outcome bare = run(&(struct run){
        .argv = (const char *[]){HELPER("with_signals"), HELPER("inherits"), NULL}});
    struct outcome traced = run(&(struct run){
        .argv = (const char *[]){HELPER("with_signals"), built("fdtrace"), "run", HELPER("inherits"), NULL}});
    cr_expect_not_null(strstr(bare.out, "signal 17 ignored"), "the helper does not help:\n%s", bare.out);
    cr_expect_str_eq(traced.out, bare.out);
    expect_code(&traced, 0);
    outcome_free(&bare);
    outcome_free(&traced);
}

/* SIGINT comes from the terminal and reaches the command by itself; SIGTERM is for us, and passed on. */
Test(run, signals_go_to_the_command)
{
    char *scratch = scratch_make();
    const char *pipe = text("%s/pipe", scratch);
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    struct running *running = run_start(
        &(struct run){.argv = (const char *[]){built("fdtrace"), "run", HELPER("terminated"), pipe, NULL}});
    int ready = open(pipe, O_RDONLY | O_CLOEXEC); /* returns when the command has opened its end */
    kill(run_pid(running), SIGINT);
    kill(run_pid(running), SIGQUIT);
    struct outcome outcome = run_finish(running, SIGTERM);
    expect_code(&outcome, 4);
    expect_says(&outcome, "fdtrace: ");
    close(ready);
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/* --- what cannot be --- */

Test(run, wrong_usage)
{
    expect_refusal(TRACE("--"), 2, "which command?");
    expect_refusal(TRACE("--sesion", "x", "true"), 2, "did you mean --session?");
    expect_refusal(TRACE("--depth", "65", "true"), 2, "a number from 0 to 64");
    expect_refusal(TRACE("--option", "rung=1", "true"), 2, "did you mean 'ring'?");
    expect_refusal(TRACE("--option", "ring=many", "true"), 2, "wants a number");
    expect_refusal(TRACE("--option", "fail_on=error", "true"), 2, "--fail-on");
    expect_refusal(TRACE("--fail-on", "leak-at-exti", "true"), 2, "leak-at-exit");
    expect_refusal(run(&(struct run){.argv = (const char *[]){built("fdtrace"), "run", "true", NULL},
                                     .environment = (const char *[]){"FDTRACE_LIBRARY=/nowhere/lib.so", NULL}}),
                   2, "/nowhere/lib.so");
}

Test(run, commands_that_are_not_there)
{
    char *scratch = scratch_make();
    mkdir(text("%s/true", scratch), 0755);
    script(text("%s/here", scratch), "#!/bin/sh\n");
    chmod(script(text("%s/plain", scratch), "#!/bin/sh\n"), 0644);
    expect_refusal(TRACE("--", "no-such-command"), 127, "no folder of PATH has it");
    expect_refusal(TRACE("--", ""), 127, "no folder of PATH");
    expect_refusal(TRACE_IN(scratch, "here"), 127, "./");
    expect_refusal(TRACE("--", "/no/such/file"), 127, "no such file");
    expect_refusal(TRACE("--", scratch), 126, "is a directory");
    expect_refusal(TRACE("--", text("%s/plain", scratch)), 126, "chmod +x");
    expect_refusal(TRACE("--", text("%s/plain/x", scratch)), 126, "Not a directory");
    scratch_remove(scratch);
}

/* traceable_test.c has all the reasons. */
Test(run, programs_that_cannot_be_traced)
{
    char *scratch = scratch_make();
    const char *of_static = script(text("%s/script", scratch), text("#!%s\n", HELPER("static")));
    expect_refusal(TRACE("--", HELPER("static")), 2, "cannot be traced: it is statically linked");
    expect_refusal(TRACE("--", HELPER("static")), 2, "--allow-untraced");
    expect_refusal(TRACE("--require-traced", "--", HELPER("static")), 3, "cannot be traced: it is statically linked");
    expect_refusal(TRACE("--", of_static), 2, text("its interpreter %s is statically linked", HELPER("static")));
    expect_refusal(TRACE("--", script(text("%s/short", scratch), "\177ELF")), 126, "damaged");
    expect_refusal(TRACE("--", script(text("%s/lost", scratch), "#!/no/interpreter\n")), 127, "/no/interpreter");
    scratch_remove(scratch);
}

/* Whose rights a program has is a matter of who asks: its own user may trace it. */
Test(run, set_uid_programs)
{
    struct statvfs mount;
    char *scratch = scratch_make();
    bool possible = geteuid() == 0 && have_program("setpriv") && statvfs(scratch, &mount) == 0;
    if (!possible || (mount.f_flag & ST_NOSUID) != 0) {
        scratch_remove(scratch);
        cr_skip_test("needs root, setpriv and a file system that allows set-uid");
    }
    chmod(scratch, 0755); /* for the other user, who may not be able to reach the build */
    const char *fdtrace = copy_file(built("fdtrace"), text("%s/fdtrace", scratch));
    copy_file(built("libfdtrace.so"), text("%s/libfdtrace.so", scratch));
    const char *set_uid = copy_file(HELPER("status"), text("%s/set-uid", scratch));
    const char *set_gid = copy_file(HELPER("status"), text("%s/set-gid", scratch));
    chmod(set_uid, 04755);
    chmod(set_gid, 02755);
#define AS_NOBODY "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"
    expect_refusal(trace("/", (const char *[]){AS_NOBODY, fdtrace, "run", set_uid, NULL}), 2, "it is set-uid");
    expect_refusal(trace("/", (const char *[]){AS_NOBODY, fdtrace, "run", set_gid, NULL}), 2, "it is set-gid");
    const char *const *const fine[] = {
        (const char *[]){fdtrace, "run", "--require-traced", set_uid, NULL},
        (const char *[]){AS_NOBODY, "--no-new-privs", fdtrace, "run", "--require-traced", set_uid, NULL},
        (const char *[]){AS_NOBODY, fdtrace, "run", "--require-traced", "true", NULL},
    };
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        struct outcome outcome = trace("/", fine[i]);
        expect_code(&outcome, 0);
        outcome_free(&outcome);
    }
    scratch_remove(scratch);
}

/* --- what was not traced is no pass --- */

Test(run, untraced_on_request)
{
    static const struct { const char *option; int code; } gates[] = {
        {"--allow-untraced", 7},    {"--require-traced", 3},   {"--fail-on=warning", 99},
        {"--fail-on=not-traced", 99}, {"--fail-on=error", 7},
    };
    for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
        struct outcome outcome = TRACE("--allow-untraced", gates[i].option, HELPER("static"));
        expect_code(&outcome, gates[i].code);
        expect_says(&outcome, "was not traced");
        expect_says(&outcome, "it is statically linked");
        cr_expect_str_eq(outcome.out, "ran\n");
        outcome_free(&outcome);
    }
}

/* With a file size limit of 0 nothing can be recorded, and the command runs all the same. */
Test(run, recording_impossible)
{
    const char *const words[] = {"sh", "-c", "ulimit -f 0; exec \"$0\" run \"$@\"", built("fdtrace"), "--require-traced",
                                 HELPER("status"), "exit", "0", NULL};
    struct outcome outcome = trace(NULL, words);
    cr_expect_str_eq(outcome.out, "[status][exit][0]\n");
    expect_says(&outcome, "was not traced");
    expect_code(&outcome, 3);
    outcome_free(&outcome);
}

/* --- how commands are found --- */

Test(run, commands_are_found_as_execvp_does)
{
    char *scratch = scratch_make();
    mkdir(text("%s/first", scratch), 0755);
    mkdir(text("%s/first/tool", scratch), 0755);  /* no program */
    mkdir(text("%s/second", scratch), 0755);
    script(text("%s/second/tool", scratch), "echo \"second $*\"\n"); /* no #!: for the shell */
    script(text("%s/tool", scratch), "#!/bin/sh\necho here\n");
    const char *const environment[] = {
        text("PATH=/nowhere:%s/first:%s/second:/usr/bin:/bin", scratch, scratch), NULL};
    const char *const empty_element[] = {"PATH=:/usr/bin:/bin", NULL};
    const char *const words[] = {built("fdtrace"), "run", "tool", "a b", NULL};
    struct outcome outcome = run(&(struct run){.argv = words, .environment = environment});
    expect_code(&outcome, 0);
    cr_expect_str_eq(outcome.out, "second a b\n");
    outcome_free(&outcome);
    outcome = run(&(struct run){.argv = words, .environment = empty_element, .folder = scratch});
    cr_expect_str_eq(outcome.out, "here\n");
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/* --- sessions --- */

Test(run, a_session_goes_unless_it_was_asked_for)
{
    char *scratch = scratch_make();
    struct running *running = run_start(&(struct run){.argv = (const char *[]){built("fdtrace"), "run", "true", NULL}});
    pid_t pid = run_pid(running);
    struct outcome outcome = run_finish(running, 0);
    expect_code(&outcome, 0);
    cr_expect_not(left_session(pid), "the session folder is still there");
    outcome_free(&outcome);

    const char *session = text("%s/kept", scratch);
    outcome = TRACE("--session", session, "--", HELPER("status"), "exit", "5");
    expect_code(&outcome, 5);
    expect_says(&outcome, session);
    outcome_free(&outcome);
    struct stat status;
    cr_assert_eq(stat(session, &status), 0);
    cr_expect_eq(status.st_mode & 0777, 0700);
    size_t size;
    char *command = read_file(text("%s/command", session), &size);
    const char *program = HELPER("status");
    cr_expect_eq(size, strlen(program) + sizeof("exit") + sizeof("5") + 1);
    cr_expect_eq(memcmp(command + strlen(program) + 1, "exit\0" "5", 7), 0);
    free(command);
    outcome = trace(NULL, (const char *[]){built("fdtrace"), "report", session, NULL});
    expect_code(&outcome, 0);
    outcome_free(&outcome);
    scratch_remove(scratch);
}

Test(run, sessions_that_are_refused)
{
    char *scratch = scratch_make();
    const char *open_to_all = text("%s/open", scratch), *file = script(text("%s/file", scratch), "");
    mkdir(open_to_all, 0700);
    chmod(open_to_all, 0755);
    struct outcome outcome = TRACE("--session", text("%s/used", scratch), "true");
    outcome_free(&outcome);
    expect_refusal(TRACE("--session", text("%s/used", scratch), "echo"), 2, "of another run");
    expect_refusal(TRACE("--session", open_to_all, "echo"), 2, "chmod 700");
    expect_refusal(TRACE("--session", file, "echo"), 2, "is not a folder");
    expect_refusal(TRACE("--session", text("%s/no/such", scratch), "echo"), 2, "cannot make the session folder");
    expect_refusal(TRACE("--session", "/", "echo"), 2, "/");
    /* A refusal takes away only what it has made. */
    const char *const environment[] = {"FDTRACE_LIBRARY=/nowhere", NULL};
    mkdir(text("%s/mine", scratch), 0700);
    static const char *const names[] = {"mine", "new"};
    for (size_t i = 0; i < 2; i++) {
        const char *session = text("%s/%s", scratch, names[i]);
        const char *const words[] = {built("fdtrace"), "run", "--session", session, "true", NULL};
        outcome = run(&(struct run){.argv = words, .environment = environment});
        cr_expect_eq(exists(session), i == 0, "%s", session);
        outcome_free(&outcome);
    }
    scratch_remove(scratch);
}

Test(run, odd_session_paths)
{
    static const char *const names[] = {"a b", "a:b", "a'b", "a'b:c", "a\"b", "a\"b:c", "$ORIGIN", "-x", "a\nb", "a=b"};
    char *scratch = scratch_make();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct outcome outcome = TRACE_IN(scratch, text("--session=%s", names[i]), "--require-traced", "true");
        expect_code(&outcome, 0);
        cr_expect(exists(text("%s/%s/command", scratch, names[i])), "no session in '%s'", names[i]);
        outcome_free(&outcome);
    }
    expect_refusal(TRACE_IN(scratch, "--session", "a'b\"c:d", "echo"), 2, "quotes");
    scratch_remove(scratch);
}

/* LD_PRELOAD cannot hold such a path; a link stands in, in the session or, where that is odd as well, elsewhere. */
Test(run, odd_library_paths)
{
    char *scratch = scratch_make();
    static const char *const names[] = {"a b", "a:b", "$LIB"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *folder = text("%s/%s", scratch, names[i]);
        mkdir(folder, 0755);
        const char *fdtrace = copy_file(built("fdtrace"), text("%s/fdtrace", folder));
        copy_file(built("libfdtrace.so"), text("%s/libfdtrace.so", folder));
        const char *session = text("--session=%s/session %zu", scratch, i);
        for (int odd_session = 0; odd_session < 2; odd_session++) {
            const char *const words[] = {fdtrace, "run", "--require-traced", odd_session ? session : "--", "true", NULL};
            struct running *running = run_start(&(struct run){.argv = words});
            pid_t pid = run_pid(running);
            struct outcome outcome = run_finish(running, 0);
            expect_code(&outcome, 0);
            cr_expect_not(left_session(pid), "a folder for the link is still there");
            outcome_free(&outcome);
        }
    }
    scratch_remove(scratch);
}

/* Sites count what is opened; where there is none, that of unknown stacks does. */
Test(run, descriptors_are_counted_without_stacks, .timeout = 60)
{
    struct outcome with = TRACE("--", built("tests/twins/all_closed")), without = TRACE("--depth=0", "--", built("tests/twins/all_closed"));
    const char *expected = strstr(with.err, "1 image: "), *counted = strstr(without.err, "1 image: ");
    cr_assert(expected != NULL && strncmp(expected, "1 image: 0 ", 11) != 0, "%s", with.err);
    cr_assert_not_null(counted, "%s", without.err);
    cr_expect_str_eq(counted, expected);
    outcome_free(&with);
    outcome_free(&without);
}

Test(run, what_still_runs_keeps_its_session)
{
    char *scratch = scratch_make();
    const char *pipe = text("%s/pipe", scratch);
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    const char *const words[] = {built("fdtrace"), "run", "-o", text("json:%s/report", scratch), HELPER("leaves"), pipe,
                                 NULL};
    struct running *running = run_start(&(struct run){.argv = words});
    pid_t pid = run_pid(running);
    struct outcome outcome = run_finish(running, 0);
    expect_code(&outcome, 0);
    expect_says(&outcome, "1 program of it still runs");
    expect_says(&outcome, "fdtrace report /");
    cr_expect(left_session(pid), "the session folder is gone");
    json_t *report = report_load(text("%s/report", scratch));
    cr_expect_eq(json_array_size(json_object_get(report, "images")), 2);
    cr_expect_eq(report_count(report, "not-traced"), 0);
    json_decref(report);
    close(open(pipe, O_WRONLY | O_CLOEXEC)); /* lets it go */
    char *folder = strstr(outcome.err, "/fdtrace-");
    if (folder != NULL) {
        while (folder[-1] != ' ')
            folder--;
        struct outcome removal =
            trace(NULL, (const char *[]){"rm", "-r", text("%.*s", (int)strcspn(folder, "\n"), folder), NULL});
        outcome_free(&removal);
    }
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/* --- reports and gates --- */

Test(run, reports_go_where_they_are_asked_to)
{
    char *scratch = scratch_make();
    const char *file = text("%s/report.json", scratch);
    struct outcome outcome = TRACE("-o", text("json:%s", file), "--", HELPER("status"), "exit", "7");
    expect_code(&outcome, 7);
    cr_expect_str_eq(outcome.out, "[status][exit][7]\n");
    cr_expect_str_empty(outcome.err);
    json_t *report = report_load(file);
    json_t *command = json_object_get(report, "command");
    cr_expect_eq(json_array_size(command), 3);
    cr_expect_str_eq(json_string_value(json_array_get(command, 1)), "exit");
    json_t *end = json_object_get(json_array_get(json_object_get(report, "images"), 0), "end");
    cr_expect_str_eq(json_string_value(json_object_get(end, "how")), "exit");
    cr_expect_eq(json_integer_value(json_object_get(end, "status")), 7);
    json_decref(report);
    outcome_free(&outcome);

    outcome = TRACE("-o", text("json:%s", file), "--", HELPER("status"), "signal", "9");
    report = report_load(file);
    end = json_object_get(json_array_get(json_object_get(report, "images"), 0), "end");
    cr_expect_str_eq(json_string_value(json_object_get(end, "how")), "signal");
    cr_expect_eq(json_integer_value(json_object_get(end, "status")), 9);
    json_decref(report);
    outcome_free(&outcome);

    outcome = TRACE("-o", "text:-", HELPER("status"));
    cr_expect_eq(strncmp(outcome.out, "[status]\nfdtrace: ", 18), 0, "%s", outcome.out);
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/* The findings of a long run are not lost because the report could not be written. */
Test(run, a_report_that_cannot_be_written)
{
    char *scratch = scratch_make();
    const char *session = text("%s/session", scratch);
    struct outcome outcome = TRACE("--session", session, "-o", "json:/no/such/folder/x", "true");
    expect_code(&outcome, 2);
    expect_says(&outcome, "/no/such/folder/x");
    expect_says(&outcome, text("fdtrace report %s", session));
    cr_expect(exists(session));
    outcome_free(&outcome);
    scratch_remove(scratch);
}

Test(run, gates)
{
    static const struct { const char *options[3]; int code; } gates[] = {
        {{"--fail-on=error", "--"}, 99},       {{"--fail-on=leak-at-exit", "--error-exitcode=5"}, 5},
        {{"--fail-on=double-close", "--"}, 0}, {{"--report=none", "--fail-on=error"}, 99},
        {{"--require-traced", "--"}, 0},
    };
    for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
        struct outcome outcome = TRACE(gates[i].options[0], gates[i].options[1], built("tests/victims/leak_file"));
        expect_code(&outcome, gates[i].code);
        outcome_free(&outcome);
    }
}

/* --- the environment --- */

Test(run, the_users_own_settings_stay)
{
    const char *const environment[] = {"LD_PRELOAD=libm.so.6", NULL};
    const char *const words[] = {built("fdtrace"), "run", "--depth=3", "--option=log_path=/a:b", "--require-traced", "env",
                                 NULL};
    struct outcome outcome = run(&(struct run){
        .argv = words, .environment = environment, .options = "ring=128:log_path='/never closed"});
    expect_code(&outcome, 0);
    const char *preload = text("LD_PRELOAD=%s:libm.so.6\n", built("libfdtrace.so"));
    cr_expect_not_null(strstr(outcome.out, preload), "%s", outcome.out);
    cr_expect_not_null(strstr(outcome.out, "FDTRACE_OPTIONS=ring=128:log_path='/never closed':depth=3:"
                                           "log_path='/a:b':session=/"), "%s", outcome.out);
    outcome_free(&outcome);
}

/* Inside a run, the session and the silence of the outer one must not become the inner one's. */
Test(run, a_run_inside_a_run)
{
    char *scratch = scratch_make();
    const char *file = text("%s/outer.json", scratch), *inner = text("%s/inner", scratch);
    struct outcome outcome = TRACE("-o", text("json:%s", file), "--", built("fdtrace"), "run", "--session", inner, "--",
                                   "sh", "-c", "printenv LD_PRELOAD FDTRACE_OPTIONS; exit 6");
    expect_code(&outcome, 6);
    cr_expect_str_eq(outcome.out, text("%s\nsession=%s:report=none\n", built("libfdtrace.so"), inner));
    expect_says(&outcome, "fdtrace: "); /* the inner report, as it came */
    json_t *report = report_load(file);
    json_t *image = json_array_get(json_object_get(report, "images"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(image, "exe")), built("fdtrace"));
    cr_expect_eq(json_array_size(json_object_get(report, "images")), 1);
    cr_expect_eq(report_count(report, NULL), 0, "fdtrace itself:\n%s", report_digest(report));
    json_decref(report);
    outcome_free(&outcome);
    scratch_remove(scratch);
}

/* Two at once keep to themselves, each with its own status and its own images. */
Test(run, two_at_once)
{
    struct running *running[2];
    for (int i = 0; i < 2; i++)
        running[i] = run_start(&(struct run){
            .argv = (const char *[]){built("fdtrace"), "run", "--require-traced", "--", "sh", "-c",
                                     text("/bin/true; exit %d", 5 + i), NULL}});
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = run_finish(running[i], 0);
        expect_code(&outcome, 5 + i);
        outcome_free(&outcome);
    }
}

/* What was recorded is lost, and nobody is sent to look for it; the command itself is not disturbed. */
Test(run, a_session_folder_that_vanishes)
{
    char *scratch = scratch_make();
    const char *session = text("%s/session", scratch);
    struct outcome outcome = TRACE("--session", session, "--", "sh", "-c", "rm -rf \"$0\"; /bin/echo on; exit 5", session);
    expect_code(&outcome, 5);
    cr_expect_str_eq(outcome.out, "on\n");
    expect_says(&outcome, "the session folder has gone, and the recordings with it");
    cr_expect_null(strstr(outcome.err, "fdtrace report"), "it points to what is not there:\n%s", outcome.err);
    outcome_free(&outcome);
    scratch_remove(scratch);
}
