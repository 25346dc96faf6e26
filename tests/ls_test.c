/*
 * fdtrace ls, from outside: programs of tests/ls do something to their descriptors and say what the list must say about
 * them ("FD STATE KIND" a line, then "ready"). They wait for the end of their input, so nothing here waits for a clock.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOLD_MAX = 96, CHILDREN_MAX = 4 };

/* A program under observation, and what it told. */
struct subject {
    pid_t pid;
    int input;                  /* closing it ends the program */
    char *folder;               /* it works there */
    struct told { int fd; char state[64], kind[32]; } told[TOLD_MAX];
    size_t told_count;
    pid_t children[CHILDREN_MAX];
    size_t child_count;
};

static void listen_to(struct subject *subject, int output)
{
    char line[256];
    bool ready = false;
    FILE *lines = fdopen(output, "r");
    while (!ready && fgets(line, sizeof(line), lines) != NULL) {
        struct told *told = &subject->told[subject->told_count];
        ready = strcmp(line, "ready\n") == 0;
        if (sscanf(line, "child %d", &subject->children[subject->child_count]) == 1)
            subject->child_count++;
        else if (!ready && strrchr(line, ' ') != NULL) { /* the state may have several words: then it fits nothing */
            cr_assert_lt(subject->told_count, (size_t)TOLD_MAX);
            *strchr(line, '\n') = '\0';
            char *kind = strrchr(line, ' '), *state = strchr(line, ' ') + 1;
            *kind++ = '\0';
            told->fd = atoi(line);
            snprintf(told->state, sizeof(told->state), "%s", state);
            snprintf(told->kind, sizeof(told->kind), "%s", kind);
            subject->told_count++;
        }
    }
    fclose(lines);
    cr_assert(ready, "the program did not get ready");
}

static struct subject start(const char *program, bool traced)
{
    struct subject subject = {.folder = scratch_make()};
    int input[2], output[2];
    const char *path = built(text("tests/ls/%s", program)), *library = built("libfdtrace.so");
    cr_assert(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
    subject.pid = fork();
    if (subject.pid == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        close_range(3, ~0U, 0);
        if (traced) {
            setenv("LD_PRELOAD", library, 1);
            setenv("FDTRACE_OPTIONS", "report=none", 1);
        }
        if (chdir(subject.folder) == 0)
            execl(path, path, traced ? "traced" : NULL, NULL);
        _exit(127);
    }
    cr_assert_gt(subject.pid, 0);
    close(input[0]);
    close(output[1]);
    subject.input = input[1];
    listen_to(&subject, output[0]);
    return subject;
}

static void stop(struct subject *subject)
{
    int status;
    close(subject->input);
    cr_assert_eq(waitpid(subject->pid, &status, 0), subject->pid);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the program ended with status %x", (unsigned)status);
    scratch_remove(subject->folder);
}

static struct outcome ls(const char *option, const char *pid)
{
    return run(&(struct run){.argv = (const char *[]){built("fdtrace"), "ls", option, pid, NULL}});
}

/* The list of a process as JSON; json_decref it. */
static json_t *list(pid_t pid)
{
    json_error_t error;
    struct outcome outcome = ls("--format=json", text("%d", (int)pid));
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    json_t *list = json_loads(outcome.out, 0, &error);
    cr_assert_not_null(list, "line %d: %s in:\n%s", error.line, error.text, outcome.out);
    cr_expect_str_eq(json_string_value(json_object_get(list, "schema")), "fdtrace-ls/1");
    cr_expect_eq(json_integer_value(json_object_get(list, "pid")), pid);
    outcome_free(&outcome);
    return list;
}

static json_t *find(const json_t *list, int fd)
{
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(list, "descriptors"), index, row) {
        if (json_integer_value(json_object_get(row, "fd")) == fd)
            return row;
    }
    return NULL;
}

static const char *field(const json_t *row, const char *key)
{
    const char *value = json_string_value(json_object_get(row, key));
    return value != NULL ? value : "(null)";
}

/* Every row the program told is there as it told, and everything else is confirmed. */
static void expect_as_told(const struct subject *subject, const json_t *list)
{
    size_t index;
    json_t *row;
    for (size_t i = 0; i < subject->told_count; i++) {
        const struct told *told = &subject->told[i];
        json_t *found = find(list, told->fd);
        cr_expect_not_null(found, "descriptor %d (%s) is missing", told->fd, told->kind);
        cr_expect_str_eq(field(found, "kind"), told->kind, "descriptor %d (%s): kind %s, not %s", told->fd,
                         field(found, "name"), field(found, "kind"), told->kind);
        if (strcmp(told->state, "any") != 0)
            cr_expect_str_eq(field(found, "state"), told->state, "descriptor %d (%s): %s, not %s", told->fd,
                             field(found, "name"), field(found, "state"), told->state);
    }
    json_array_foreach(json_object_get(list, "descriptors"), index, row) {
        bool told = false;
        for (size_t i = 0; i < subject->told_count; i++)
            told = told || subject->told[i].fd == json_integer_value(json_object_get(row, "fd"));
        cr_expect(told || strcmp(field(row, "state"), "confirmed") == 0, "descriptor %lld (%s) is %s",
                  (long long)json_integer_value(json_object_get(row, "fd")), field(row, "name"), field(row, "state"));
    }
}

static void expect_tags(const char *program)
{
    struct subject subject = start(program, true);
    json_t *rows = list(subject.pid);
    cr_expect(json_is_true(json_object_get(rows, "traced")));
    expect_as_told(&subject, rows);
    json_decref(rows);
    stop(&subject);
}

Test(ls, a_close_behind_the_trace_is_a_ghost)
{
    expect_tags("ghost");
}

Test(ls, an_open_behind_the_trace_is_untracked)
{
    expect_tags("untracked");
}

Test(ls, a_number_with_something_else_on_it_is_replaced)
{
    expect_tags("replaced");
}

Test(ls, renamed_deleted_and_rotated_files_are_not_replaced)
{
    expect_tags("innocent");
}

Test(ls, what_libc_keeps_is_hidden)
{
    expect_tags("hidden");
}

Test(ls, a_process_whose_main_thread_has_ended_is_listed)
{
    expect_tags("headless");
}

Test(ls, every_kind_is_told_with_and_without_a_trace)
{
    for (int traced = 0; traced < 2; traced++) {
        struct subject subject = start("kinds", traced);
        json_t *rows = list(subject.pid);
        size_t index;
        json_t *row;
        for (size_t i = 0; i < subject.told_count; i++)
            cr_expect_str_eq(field(find(rows, subject.told[i].fd), "kind"), subject.told[i].kind, "%s (%s)%s",
                             subject.told[i].kind, field(find(rows, subject.told[i].fd), "name"),
                             traced ? ", traced" : "");
        json_array_foreach(json_object_get(rows, "descriptors"), index, row) {
            cr_expect_str_eq(field(row, "state"), traced ? "confirmed" : "open", "%s %s", field(row, "kind"),
                             field(row, "name"));
        }
        json_decref(rows);
        stop(&subject);
    }
}

Test(ls, a_row_tells_its_birth)
{
    struct subject subject = start("births", true);
    json_t *rows = list(subject.pid);
    static const struct { const char *call, *owner, *function; bool cloexec; } expected[] = {
        {"open", "none", "open_here", true}, {"dup", "none", "main", false},
        {"fopen", "FILE", "main", false},    {"opendir", "DIR", "main", true},
    };
    expect_as_told(&subject, rows);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        json_t *row = find(rows, subject.told[i].fd), *where = json_object_get(row, "where");
        cr_expect_str_eq(field(row, "call"), expected[i].call);
        cr_expect_str_eq(field(row, "owner"), expected[i].owner);
        cr_expect_str_eq(field(where, "function"), expected[i].function);
        cr_expect_not_null(strstr(field(where, "file"), "births.c"));
        cr_expect_gt(json_integer_value(json_object_get(where, "line")), 0);
        cr_expect_eq(json_integer_value(json_object_get(row, "thread")), subject.pid);
        cr_expect_eq(json_is_true(json_object_get(row, "cloexec")), expected[i].cloexec, "%s", expected[i].call);
        cr_expect_gt(json_real_value(json_object_get(row, "born")), 0);
        cr_expect_gt(json_real_value(json_object_get(row, "age")), 0);
    }
    const json_t *lineage = json_object_get(find(rows, subject.told[1].fd), "lineage");
    cr_expect_eq(json_integer_value(json_object_get(json_array_get(lineage, 0), "fd")), subject.told[0].fd);
    lineage = json_object_get(find(rows, STDIN_FILENO), "lineage");
    cr_expect_str_eq(field(json_array_get(lineage, 0), "how"), "inherit");
    json_decref(rows);
    stop(&subject);
}

Test(ls, an_untraced_process_has_kinds_flags_and_limits_but_no_births)
{
    struct subject subject = start("births", false);
    json_t *rows = list(subject.pid), *row = find(rows, subject.told[0].fd);
    cr_expect(json_is_false(json_object_get(rows, "traced")));
    cr_expect_gt(json_integer_value(json_object_get(json_object_get(rows, "limits"), "soft")), 0);
    cr_expect_geq(json_integer_value(json_object_get(json_object_get(rows, "limits"), "hard")),
                  json_integer_value(json_object_get(json_object_get(rows, "limits"), "soft")));
    cr_expect_str_eq(field(rows, "exe"), built("tests/ls/births"));
    cr_expect_str_eq(field(row, "name"), "/etc/hostname");
    cr_expect_str_eq(field(row, "state"), "open");
    cr_expect(json_is_true(json_object_get(row, "cloexec")));
    cr_expect(json_is_null(json_object_get(row, "call")) && json_is_null(json_object_get(row, "born")) &&
              json_is_null(json_object_get(row, "age")) && json_is_null(json_object_get(row, "where")));
    json_decref(rows);
    struct outcome outcome = ls("--color=auto", text("%d", (int)subject.pid));
    cr_expect_not_null(strstr(outcome.out, "\nnot traced: "), "%s", outcome.out);
    cr_expect_null(strstr(outcome.out, "WHERE"));
    outcome_free(&outcome);
    stop(&subject);
}

/* A child of fork() has its own recording; that of a fork nobody saw has none, though it maps its parent's. */
Test(ls, a_child_is_not_taken_for_its_parent)
{
    struct subject subject = start("forks", true);
    json_t *parent = list(subject.pid), *seen = list(subject.children[0]), *unseen = list(subject.children[1]);
    expect_as_told(&subject, parent);
    cr_expect(json_is_true(json_object_get(seen, "traced")));
    cr_expect_null(find(seen, subject.told[2].fd), "the child has closed that end");
    cr_expect_str_eq(field(find(seen, subject.told[0].fd), "state"), "confirmed");
    const json_t *lineage = json_object_get(find(seen, subject.told[0].fd), "lineage");
    cr_expect_str_eq(field(json_array_get(lineage, 0), "how"), "inherit");
    cr_expect_eq(json_integer_value(json_object_get(json_array_get(lineage, 0), "pid")), subject.pid);
    cr_expect(json_is_false(json_object_get(unseen, "traced")));
    cr_expect_str_eq(field(find(unseen, subject.told[0].fd), "state"), "open");
    json_decref(parent);
    json_decref(seen);
    json_decref(unseen);
    stop(&subject);
}

Test(ls, a_recording_that_cannot_be_read_is_told_and_the_list_made)
{
    struct subject subject = start("garbage", false);
    json_t *rows = list(subject.pid);
    cr_expect(json_is_false(json_object_get(rows, "traced")));
    cr_expect_not_null(strstr(field(rows, "reason"), ".fdt"), "%s", field(rows, "reason"));
    cr_expect_str_eq(field(find(rows, subject.told[0].fd), "state"), "open");
    json_decref(rows);
    stop(&subject);
}

/* However fast a process opens and closes: nothing it does is called a ghost, untracked, hidden or replaced. */
Test(ls, a_racing_process_is_not_accused)
{
    struct subject subject = start("racing", true);
    for (int round = 0; round < 12; round++) {
        size_t index;
        json_t *row, *rows = list(subject.pid);
        for (size_t i = 0; i < subject.told_count; i++)
            cr_expect_str_eq(field(find(rows, subject.told[i].fd), "state"), "confirmed");
        json_array_foreach(json_object_get(rows, "descriptors"), index, row) {
            const char *state = field(row, "state");
            cr_expect(strcmp(state, "confirmed") == 0 || strcmp(state, "changing") == 0, "descriptor %lld (%s) is %s",
                      (long long)json_integer_value(json_object_get(row, "fd")), field(row, "name"), state);
        }
        json_decref(rows);
    }
    stop(&subject);
}

static bool ends_with(const char *text_, const char *end)
{
    size_t length = strlen(text_), size = strlen(end);
    return length >= size && strcmp(text_ + length - size, end) == 0;
}

Test(ls, names_are_data)
{
    struct subject subject = start("names", true);
    json_t *rows = list(subject.pid);
    const char *names[8];
    for (size_t i = 0; i < subject.told_count; i++)
        names[i] = field(find(rows, subject.told[i].fd), "name");
    expect_as_told(&subject, rows);
    cr_expect(ends_with(names[0], "/line\nbreak \033[31mred \\xff"), "%s", names[0]);
    cr_expect(ends_with(names[1], "/really (deleted)"), "%s", names[1]);
    cr_expect(json_is_false(json_object_get(find(rows, subject.told[1].fd), "deleted")));
    cr_expect(strncmp(names[2], "127.0.0.1:", 10) == 0 && strchr(names[2], '>') == NULL, "%s", names[2]);
    char *arrow = strdup(names[3]), *middle = strstr(arrow, " -> ");
    cr_assert_not_null(middle, "%s", names[3]);
    *middle = '\0';
    cr_expect_str_eq(middle + strlen(" -> "), names[2]);
    cr_expect_str_eq(names[4], text("%s -> %s", names[2], arrow));
    cr_expect_str_eq(names[5], "unix:a socket");
    free(arrow);
    json_decref(rows);
    unlink(text("%s/really (deleted)", subject.folder));
    struct outcome outcome = ls("--color=never", text("%d", (int)subject.pid));
    cr_expect_null(strchr(outcome.out, '\033'));
    cr_expect_not_null(strstr(outcome.out, "/line\\nbreak \\x1b[31mred \\xff\n"), "%s", outcome.out);
    cr_expect_not_null(strstr(outcome.out, "/really (deleted) (deleted)\n"), "%s", outcome.out);
    outcome_free(&outcome);
    stop(&subject);
}

Test(ls, color_is_for_those_who_ask)
{
    struct subject subject = start("ghost", true);
    struct outcome always = ls("--color=always", text("%d", (int)subject.pid));
    struct outcome automatic = ls("--color=auto", text("%d", (int)subject.pid));
    cr_expect_not_null(strstr(always.out, "\033[1;31mghost\033[0m"), "%s", always.out);
    cr_expect_null(strchr(automatic.out, '\033'), "output into a pipe has no colour");
    outcome_free(&always);
    outcome_free(&automatic);
    stop(&subject);
}

/* Text, JSON and --help come from one table. */
Test(ls, columns_are_the_same_everywhere)
{
    struct subject subject = start("births", true);
    struct outcome help = ls("--help", NULL), chosen = ls("--columns=kind,fd,inode", text("%d", (int)subject.pid));
    json_t *rows = list(subject.pid), *value;
    const char *key;
    json_object_foreach(find(rows, subject.told[0].fd), key, value)
        cr_expect_not_null(strstr(help.out, text("  %s ", key)), "--help does not know the field %s", key);
    /* How wide a column is depends on its widest value, and inode numbers grow with the machine's age. */
    const char *title = strstr(chosen.out, "\nKIND       FD ");
    cr_expect(title != NULL && strncmp(title + 15 + strspn(title + 15, " "), "INODE\n", 6) == 0, "%s", chosen.out);
    json_decref(rows);
    outcome_free(&help);
    outcome_free(&chosen);
    stop(&subject);
}

static void expect_refusal(const char *option, const char *pid, const char *why)
{
    struct outcome outcome = ls(option, pid);
    cr_expect_eq(outcome_code(&outcome), 2, "%s: status %d", why, outcome_code(&outcome));
    cr_expect_str_empty(outcome.out);
    cr_expect_not_null(strstr(outcome.err, why), "expected '%s', got: %s", why, outcome.err);
    char *newline = strchr(outcome.err, '\n');
    cr_expect(newline != NULL && newline[1] == '\0', "not one line: %s", outcome.err);
    outcome_free(&outcome);
}

Test(ls, bad_input_is_one_clear_line)
{
    expect_refusal("--color=auto", NULL, "the number of a process is missing");
    expect_refusal("--color=auto", "init", "'init' is not the number of a process");
    expect_refusal("--color=auto", "1\n\033[31m", "'1\\n\\x1b[31m' is not the number of a process");
    expect_refusal("--color=auto", "0", "there is no process 0");
    expect_refusal("--color=auto", "99999999999999999999", "there is no process 99999999999999999999");
    expect_refusal("--color=auto", "2147483647", "there is no process 2147483647");
    expect_refusal("--format=xml", "1", "the formats are text and json");
    expect_refusal("--color=red", "1", "auto, always or never");
    expect_refusal("--columns=fd,nme", "1", "there is no column 'nme'");
    expect_refusal("--colour=never", "1", "--color");
    expect_refusal("1", "2", "one process at a time");
}

Test(ls, a_process_that_has_ended_is_told_as_such)
{
    siginfo_t info;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0); /* ended, and still a zombie */
    expect_refusal("--color=auto", text("%d", (int)child), "zombie");
    cr_assert_eq(waitpid(child, NULL, 0), child);
    expect_refusal("--color=auto", text("%d", (int)child), "there is no process");
}
