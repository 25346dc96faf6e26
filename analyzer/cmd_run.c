/* fdtrace run: starts a command under the tracer and reports when it has ended. */
#include "command.h"
#include "report.h"
#include "rule.h"
#include "run/census.h"
#include "run/child.h"
#include "run/environment.h"
#include "run/folder.h"
#include "run/self_test.h"
#include "run/traceable.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 }; /* as every shell has it */

enum { OPTION_SESSION = 1, OPTION_DEPTH, OPTION_VERIFY, OPTION_GUEST, OPTION_ALLOW_UNTRACED, OPTION_WAIT_ALL };

static const struct command_option run_options[] = {
    {"session", 0, OPTION_SESSION, "DIR", "keep the recordings in DIR, a new or empty private folder"},
    {"depth", 0, OPTION_DEPTH, "N", "frames kept of a stack, 1 to 64 (default 32); 0 records no stacks"},
    {"verify", 0, OPTION_VERIFY, NULL, "compare the tables with the kernel when programs end, and say so"},
    {"option", 0, OPTION_GUEST, "KEY=VALUE", "any other key of FDTRACE_OPTIONS; repeatable"},
    {"wait-all", 0, OPTION_WAIT_ALL, NULL, "report when every descendant has ended, not only the command itself"},
    {"allow-untraced", 0, OPTION_ALLOW_UNTRACED, NULL, "run a command that cannot be traced, and say so at the end"},
    {.name = NULL},
};
static const struct command_option *const option_tables[] = {run_options, report_option_table, NULL};

/* What the command line asked for, and what has become of it. */
struct run {
    const struct command *command;
    struct report_options report;
    const char *session;            /* --session */
    FILE *guest;                    /* collects guest_options */
    char *guest_options;            /* KEY=VALUE:KEY=VALUE of --option and kin */
    size_t guest_size;
    bool allow_untraced;
    bool wait_all;
    char **words;                   /* the command and its arguments */
    struct traceable traceable;
    struct run_folder folder;
    struct run_library library;
    struct sigaction size_limit;    /* the command's SIGXFSZ; ours is ignored */
};

/* --- arguments --- */

enum guest_type { GUEST_TEXT, GUEST_NUMBER, GUEST_FLAG };
static const struct guest_option {
    const char *key;
    enum guest_type type;
} guest_options[] = {
#define FDT_OPTION(key, type, standard, help) {#key, GUEST_##type},
#include "fdtrace/options.def"
#undef FDT_OPTION
};
enum { GUEST_OPTIONS = sizeof(guest_options) / sizeof(guest_options[0]) };

/* Keys that are about the report: under run they are options of its own. */
static const char *own_option(const char *key)
{
    static const char *const pairs[][2] = {
        {"session", "session"}, {"report", "report"}, {"fail_on", "fail-on"}, {"exitcode", "error-exitcode"},
        {"suppressions", "suppressions"}, {"baseline", "baseline"}, {"allow", "allow"},
        {"builtin_allow", "no-builtin-allow"}, {"require_traced", "require-traced"},
        {"limit_near", "limit-near"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (strcmp(key, pairs[i][0]) == 0)
            return pairs[i][1];
    return NULL;
}

static bool guest_takes(const struct guest_option *option, const char *value)
{
    char *end;
    if (option->type == GUEST_TEXT)
        return true;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    return *value >= '0' && *value <= '9' && *end == '\0' && errno == 0 &&
           (option->type == GUEST_NUMBER || number <= 1);
}

/* The library would only warn, once in each program; here somebody is still there to put it right. */
static int add_guest_option(struct run *run, const char *key, const char *value)
{
    const char *names[GUEST_OPTIONS + 1] = {NULL}, *own = own_option(key);
    const struct guest_option *option = NULL;
    for (size_t i = 0; i < GUEST_OPTIONS; i++) {
        names[i] = guest_options[i].key;
        if (strcmp(key, names[i]) == 0)
            option = &guest_options[i];
    }
    const char *near = closest_word(key, names);
    if (own != NULL)
        return command_usage_error(run->command, "for run, %s= is --%s", key, own);
    if (option == NULL && near != NULL)
        return command_usage_error(run->command, "no key of FDTRACE_OPTIONS is called '%s'; did you mean '%s'?", key,
                                   near);
    if (option == NULL)
        return command_usage_error(run->command, "no key of FDTRACE_OPTIONS is called '%s'", key);
    if (!guest_takes(option, value))
        return command_usage_error(run->command, "%s= wants %s, not '%s'", key,
                                   option->type == GUEST_FLAG ? "0 or 1" : "a number", value);
    if (run_environment_put(run->guest, key, value) < 0)
        return command_usage_error(run->command, "the value of %s= has a colon and both kinds of quotes", key);
    return 0;
}

static int add_pair(struct run *run, const char *pair)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair)
        return command_usage_error(run->command, "--option wants KEY=VALUE, as in --option ring=65536, not '%s'", pair);
    char *key = strndup(pair, (size_t)(equals - pair));
    int status = key != NULL ? add_guest_option(run, key, equals + 1) : command_error(run->command, "out of memory");
    free(key);
    return status;
}

static int set_depth(struct run *run, const char *value)
{
    char *end;
    long depth = strtol(value, &end, 10);
    if (end == value || *end != '\0' || depth < 0 || depth > (long)FDT_DEPTH_MAX)
        return command_usage_error(run->command, "--depth wants a number from 0 to %u, not '%s'", FDT_DEPTH_MAX, value);
    return add_guest_option(run, "depth", value);
}

/* 0, or the exit status of a usage error. */
static int take_option(struct run *run, int id, const char *value)
{
    switch (id) {
    case OPTION_SESSION:
        run->session = value;
        return 0;
    case OPTION_DEPTH:
        return set_depth(run, value);
    case OPTION_VERIFY:
        return add_guest_option(run, "verify", "1");
    case OPTION_GUEST:
        return add_pair(run, value);
    case OPTION_ALLOW_UNTRACED:
        run->allow_untraced = true;
        return 0;
    case OPTION_WAIT_ALL:
        run->wait_all = true;
        return 0;
    }
    return report_option(&run->report, id, value) < 0 ? command_usage_error(run->command, "%s", run->report.error) : 0;
}

/* Options end where the command begins. -1 to go on, else the exit status. */
static int read_arguments(struct run *run, int argc, char **argv)
{
    struct option_reader reader = {.argc = argc, .argv = argv, .tables = option_tables, .index = 1};
    int status;
    for (int id; (id = option_next(&reader)) != OPTION_END;) {
        if (id == OPTION_HELP)
            return command_help(run->command);
        if (id == OPTION_ERROR)
            return command_usage_error(run->command, "%s", reader.error);
        if (id == OPTION_OPERAND) {
            run->words = argv + reader.index - 1;
            return -1;
        }
        if ((status = take_option(run, id, reader.value)) != 0)
            return status;
    }
    return command_usage_error(run->command, "which command? as in: fdtrace run -- ./app");
}

/* --- before the start --- */

/* -1 to go on, else the exit status. */
static int examine(struct run *run)
{
    struct traceable *answer = &run->traceable;
    traceable_examine(answer, run->words[0]);
    if (answer->musl && run_library_has_musl())
        answer->verdict = TRACEABLE;
    else
        answer->musl = false;
    const char *remedy = answer->remedy != NULL ? answer->remedy : "", *comma = answer->remedy != NULL ? "; " : "";
    if (answer->verdict == TRACEABLE || (answer->verdict == TRACEABLE_NOT && run->allow_untraced))
        return -1;
    if (answer->verdict == TRACEABLE_NOT) {
        int refused = command_error(run->command, "%s cannot be traced: %s; %s, or have it run untraced with "
                                    "--allow-untraced", run->words[0], answer->reason, remedy);
        return run->report.require_traced ? EXIT_UNTRACED : refused;
    }
    command_error(run->command, "cannot run %s: %s%s%s", run->words[0], answer->reason, comma, remedy);
    return answer->verdict == TRACEABLE_MISSING ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* The folder of FDTRACE_OPTIONS is as good as --session. 0, or negative errno with one line in error. */
static int make_folder(struct run *run, char *error, size_t error_size)
{
    struct environment_options environment;
    if (environment_options_read(&environment, getenv("FDTRACE_OPTIONS")) < 0) {
        snprintf(error, error_size, "out of memory");
        return -ENOMEM;
    }
    const char *wanted = run->session;
    if (wanted == NULL && environment.session[0] != '\0')
        wanted = environment.session;
    int result = run_folder_make(&run->folder, wanted, error, error_size);
    environment_options_free(&environment);
    return result;
}

/* --- after the end --- */

static struct image_end tell_end(int status)
{
    if (WIFSIGNALED(status))
        return (struct image_end){END_SIGNAL, WTERMSIG(status)};
    return (struct image_end){END_EXIT, WEXITSTATUS(status)};
}

/* The rule not-traced for a command that left nothing a rule could look at. */
static void count_untraced(struct report_result *result)
{
    for (size_t i = 0; i < GATE_RULES; i++)
        result->tally.counts[i][rules[i].severity] += strcmp(rules[i].id, "not-traced") == 0;
    result->untraced++;
}

static void tell_untraced(const struct run *run)
{
    const char *reason = run->traceable.verdict == TRACEABLE_NOT
                             ? run->traceable.reason
                             : "it left no recording; it may have dropped LD_PRELOAD, or recording was impossible";
    command_error(run->command, "%s was not traced, nothing is known of its descriptors: %s", run->words[0], reason);
}

/* A word that a shell would take apart goes into quotes, so that the line can be copied. */
static char *shell_word(const char *word)
{
    char *quoted = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&quoted, &size);
    if (out == NULL)
        return NULL;
    bool plain = word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%")] == '\0';
    fputs(plain ? "" : "'", out);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            putc(*word, out);
    fputs(plain ? "" : "'", out);
    fclose(out);
    return quoted;
}

/* Where the recordings stay; the program, or somebody else, may have removed them meanwhile. */
static void keep(const struct run *run, const char *why)
{
    if (access(run->folder.path, F_OK) != 0) {
        command_error(run->command, "the session folder has gone, and the recordings with it: %s", run->folder.path);
        return;
    }
    char *path = shell_word(run->folder.path);
    command_error(run->command, "%s; see them with: fdtrace report %s", why, path != NULL ? path : run->folder.path);
    free(path);
}

static void dispose(const struct run *run, bool reported)
{
    size_t running = run_census(&run->folder);
    char why[128];
    if (running > 0) {
        snprintf(why, sizeof(why), "%zu program%s of it still run%s, so the recordings are kept", running,
                 running > 1 ? "s" : "", running > 1 ? "" : "s");
        keep(run, why);
    } else if (!reported) {
        keep(run, "the recordings are kept");
    } else if (run->folder.asked_for) {
        if (run->report.extent != REPORT_NONE)
            keep(run, "the recordings are kept");
    } else {
        run_folder_remove(&run->folder);
    }
    if (running == 0)
        run_library_release(&run->library);
}

/* The command has ended: report, clean up, and find the exit status. */
static int conclude(struct run *run, const struct run_child *child)
{
    const struct image_end end = tell_end(child->status);
    struct known_end *known = calloc(child->other_count + 1, sizeof(*known));
    const char *const paths[] = {run->folder.path};
    int status = end.how == END_SIGNAL ? EXIT_SIGNAL + end.status : end.status;
    struct report_result result;
    if (known != NULL) {
        known[0] = (struct known_end){child->pid, end};
        for (size_t i = 0; i < child->other_count; i++)
            known[i + 1] = (struct known_end){child->others[i].pid, tell_end(child->others[i].status)};
        run->report.ends = known;
        run->report.end_count = child->other_count + 1;
    }
    run->report.command = run->words;
    run_census_settle(&run->folder);
    signal(SIGPIPE, SIG_IGN); /* whoever reads the report may stop early: the status and the folder are still ours to see to */
    int reported = report_session(paths, 1, &run->report, &result);
    /* There was something to report, and no way to write it. A reader who had seen enough (| head) is no failure. */
    bool failed = reported < 0 && reported != -EPIPE && result.images > 0;
    if (failed)
        command_error(run->command, "%s", result.error);
    if (result.images == 0 || !run_folder_recorded(&run->folder, child->pid)) {
        tell_untraced(run);
        count_untraced(&result);
    }
    dispose(run, !failed);
    free(known);
    return report_exit_status(&run->report, &result, failed && status == 0 ? EXIT_USAGE : status);
}

/* Nothing has run: nothing is left behind. */
static int abandon(const struct run *run, int status)
{
    run_library_release(&run->library);
    run_folder_remove(&run->folder);
    return status;
}

static int run_in_folder(struct run *run)
{
    char error[PATH_MAX + 256];
    char **environment = NULL;
    int result = run_library_find(&run->library, &run->folder, run->traceable.musl, error, sizeof(error));
    if (result == 0)
        environment = run_environment_make(&run->library, &run->folder, run->guest_options, error, sizeof(error));
    if (environment == NULL) {
        command_error(run->command, "%s", error);
        return abandon(run, EXIT_USAGE);
    }
    /* Said now, because the command may take its time; it runs all the same: --require-traced has its say at the end. */
    /* We ourselves are of glibc: about the library for musl our own test would say nothing. */
    run->report.proven = !run->traceable.musl && run_self_test(&run->folder, environment, error, sizeof(error)) == 0;
    if (!run->report.proven && !run->traceable.musl)
        command_error(run->command, "%s", error);
    struct run_child child = {.path = run->traceable.path, .words = run->words, .environment = environment,
                              .by_shell = run->traceable.by_shell, .size_limit = run->size_limit, .wait_all = run->wait_all};
    run_folder_write_command(&run->folder, run->words);
    result = run_child(&child);
    free(environment);
    if (result == 0) {
        int status = conclude(run, &child);
        free(child.others);
        return status;
    }
    command_error(run->command, "cannot run %s: %s", run->words[0], strerror(-result));
    return abandon(run, result == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static int run_command(struct run *run)
{
    char error[PATH_MAX + 256];
    int status = examine(run);
    if (status >= 0)
        return status;
    if (report_options_check(&run->report) < 0)
        return command_error(run->command, "%s", run->report.error);
    if (make_folder(run, error, sizeof(error)) < 0)
        return command_error(run->command, "%s", error);
    return run_in_folder(run);
}

static int run(const struct command *command, int argc, char **argv)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct run run = {.command = command};
    sigaction(SIGXFSZ, &ignore, &run.size_limit); /* a file size limit is meant for the command, not for its report */
    if (run_environment_own() < 0 || (run.guest = open_memstream(&run.guest_options, &run.guest_size)) == NULL)
        return command_error(command, "out of memory");
    int status = report_options_init(&run.report, stderr) < 0 ? command_error(command, "%s", run.report.error)
                                                              : read_arguments(&run, argc, argv);
    if (fclose(run.guest) != 0)
        status = command_error(command, "out of memory");
    if (status < 0)
        status = run_command(&run);
    report_options_free(&run.report);
    free(run.guest_options);
    return status;
}

const struct command command_run = {
    .name = "run",
    .usage = "[OPTIONS] [--] COMMAND [ARG...]",
    .summary = "run a command under the tracer and report when it has ended",
    .options = option_tables,
    .run = run,
};
