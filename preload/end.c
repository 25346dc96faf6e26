/*
 * The end of an image. The handler is registered with on_exit during start, before the program or any library registers
 * theirs, so it runs after all of them and after every destructor (_dl_fini is registered later, too).
 */
#include "end.h"

#include "filter.h"
#include "gate.h"
#include "here.h"
#include "loader.h"
#include "names.h"
#include "option.h"
#include "process.h"
#include "raw.h"
#include "say.h"
#include "table.h"
#include "verify.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define NAMES_ASKED 10000 /* links read at the end, at most */

/*
 * What a shell keeps on purpose: the script it reads and what a redirection saved, at 255 or from 10 upwards with
 * close-on-exec; and what it has dup'ed onto a number because the script said so (exec 5<file).
 */
static bool is_shells(int fd, uint64_t word)
{
    return (store.header->flags & FDT_HEADER_SHELL) &&
           ((fd >= 10 && (word & FDT_CLOEXEC)) || table_at((uint32_t)fd)->life.from >= 0);
}

bool end_is_leak(int fd, uint64_t word)
{
    return fd > 2 && (word & FDT_LIVE) && !(word & (FDT_INHERITED | FDT_ADOPTED | FDT_HIDDEN | FDT_IGNORED)) &&
           !is_shells(fd, word);
}

static uint32_t count_leaks(void)
{
    uint32_t leaks = 0;
    for (uint32_t fd = 0; fd < table_end(); fd++)
        leaks += end_is_leak((int)fd, table_word(table_at(fd)));
    return leaks;
}

/* The kernel's name for an open path: absolute, and it tells when the file has been deleted. */
static void ask_name(struct fdt_slot *slot, int fd)
{
    static const char deleted[] = " (deleted)";
    struct line path = {.length = 0};
    char link[4096];
    line_text(&path, process_fd_folder());
    line_number(&path, fd);
    path.text[path.length] = '\0';
    long length = raw(readlinkat, AT_FDCWD, path.text, link, sizeof(link) - 1);
    if (length <= 0 || link[0] != '/')
        return;
    link[length] = '\0';
    size_t tail = sizeof(deleted) - 1;
    if ((size_t)length > tail && strcmp(link + length - tail, deleted) == 0) {
        uint64_t word = table_word(slot);
        link[(size_t)length - tail] = '\0';
        table_swap(slot, &word, table_next(word, FDT_DELETED, 0));
    }
    table_rename(slot, link);
}

/* Before anyone is accused, the kernel is asked: is it really open, what is it, what is it called? */
static void reconcile(void)
{
    uint32_t asked = 0;
    for (uint32_t fd = 0; fd < table_end(); fd++) {
        struct fdt_slot *slot = table_at(fd);
        if (!end_is_leak((int)fd, table_word(slot)))
            continue;
        if (raw_getfd((int)fd) < 0) {
            table_settle(slot, (int)fd);
            continue;
        }
        if (slot->life.kind == FDT_UNASKED || slot->life.kind == FDT_OTHER) {
            enum fdt_kind kind = table_kernel_kind((int)fd);
            if (kind == FDT_PIPE && slot->life.name[0] != '\0')
                kind = FDT_FIFO; /* S_IFIFO both; the one that has a path is the named one */
            slot->life.kind = (uint8_t)(kind == FDT_KIND_COUNT ? FDT_OTHER : kind);
        }
        bool named = slot->life.name[0] != '\0' && !(table_word(slot) & FDT_LABELED);
        if (named && slot->life.kind != FDT_MEMFD && asked++ < NAMES_ASKED)
            ask_name(slot, (int)fd);
    }
    store.header->reconciled = 1;
}

/* The fdtrace command: where the options say, or beside the library, or where make install puts it. */
static bool find_analyzer(char path[OPTION_TEXT_SIZE])
{
    static const char *const places[] = {"/fdtrace", "/../bin/fdtrace", "/../../bin/fdtrace"};
    if (options.analyzer[0] != '\0') {
        memcpy(path, options.analyzer, OPTION_TEXT_SIZE);
        return raw(faccessat, AT_FDCWD, path, X_OK) == 0;
    }
    Dl_info info;
    if (!loader_tell(__start_fdt_hooks, &info) || info.dli_fname == NULL)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    size_t folder = slash != NULL ? (size_t)(slash - info.dli_fname) : 0;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (slash == NULL || folder + strlen(places[i]) >= OPTION_TEXT_SIZE)
            return false;
        memcpy(path, info.dli_fname, folder);
        strcpy(path + folder, places[i]);
        if (raw(faccessat, AT_FDCWD, path, X_OK) == 0)
            return true;
    }
    return false;
}

/*
 * The name can be foretold, so somebody may have been there before us: with a link, a FIFO, a file of his that shows him what
 * we write, or a second name of a file of ours. Only an ordinary file of our own is emptied or added to. -1: none.
 */
static int open_log(const char *path, int flags)
{
    struct stat status;
    int fd = raw_open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (flags & ~O_TRUNC), 0644);
    if (fd < 0)
        return -1;
    if (raw_stat_fd(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == (uid_t)raw(geteuid) &&
        status.st_nlink == 1 && (!(flags & O_TRUNC) || raw(ftruncate, fd, 0) == 0))
        return fd;
    raw(close, fd);
    return -1;
}

/*
 * Where the report goes: log_path.PID, else standard error if it still is what a report may go to; -1: nowhere.
 * flags: O_TRUNC or O_APPEND, for a log that is there.
 */
static int open_destination(int flags, bool *opened)
{
    *opened = options.log_path[0] != '\0';
    if (*opened) {
        struct line path = {.length = 0};
        line_text(&path, options.log_path);
        line_text(&path, ".");
        line_number(&path, store.header->pid);
        path.text[path.length] = '\0';
        int fd = open_log(path.text, flags);
        if (fd < 0)
            say("the report cannot be written to ", path.text, NULL);
        return fd;
    }
    /* A program that closed 2 may have a client's connection or its own data there now. */
    const struct fdt_slot *slot = table_peek(STDERR_FILENO);
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    bool inherited = (word & FDT_LIVE) && (word & FDT_INHERITED);
    enum fdt_kind kind = table_kernel_kind(STDERR_FILENO);
    bool harmless = kind == FDT_TTY || kind == FDT_CHARDEV || kind == FDT_PIPE || kind == FDT_FILE;
    return inherited || (harmless && raw_getfd(STDERR_FILENO) >= 0 && slot->life.from > 2) ? STDERR_FILENO : -1;
}

/* Is the exit status to tell what was found? Then no judgement is no pass. */
static bool is_gate(void)
{
    return options.fail_on[0] != '\0' || options.baseline[0] != '\0' || options.require_traced;
}

/* When the analyzer is asked about: the end, or (end_explain) what has been opened since a moment. */
#define AT_END UINT64_MAX

/* The program may have gone to another folder since the user wrote a relative path. */
static char *absolute(const char *path, char text[2 * OPTION_TEXT_SIZE])
{
    size_t folder = path[0] != '/' ? strlen(store.header->cwd) : 0;
    memcpy(text, store.header->cwd, folder);
    if (folder > 0)
        text[folder++] = '/';
    strcpy(text + folder, path);
    return text;
}

/* The options, as the command knows them; FDTRACE_OPTIONS itself may be gone by now, or say something else. */
static void write_arguments(char *arguments[20], uint64_t since)
{
    static char suppressions[2 * OPTION_TEXT_SIZE], baseline[2 * OPTION_TEXT_SIZE];
    static struct line moment;
    if (since != AT_END)
        line_number(&moment, (int64_t)since);
    const struct { const char *name; char *value; } given[] = {
        {"--open-since", moment.text},
        {"--report", since != AT_END ? (char *)"full" : options.report},
        {"--fail-on", since != AT_END ? (char *)"leak-at-exit" : options.fail_on},
        {"--baseline", options.baseline[0] != '\0' ? absolute(options.baseline, baseline) : baseline},
        {"--suppressions",
         options.suppressions[0] != '\0' ? absolute(options.suppressions, suppressions) : suppressions},
        {"--allow", options.allow},
    };
    size_t count = 2; /* the command and "report" */
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        if (given[i].value[0] == '\0')
            continue;
        arguments[count++] = (char *)given[i].name;
        arguments[count++] = given[i].value;
    }
    if (!options.builtin_allow)
        arguments[count++] = (char *)"--no-builtin-allow";
    if (options.require_traced && since == AT_END)
        arguments[count++] = (char *)"--require-traced";
    arguments[count++] = store.path;
    arguments[count] = NULL;
}

static bool is_ours(const char *variable)
{
    return strncmp(variable, "LD_PRELOAD=", 11) == 0 || strncmp(variable, "FDTRACE_OPTIONS=", 16) == 0;
}

/* The child's half of running the analyzer: a copy of us that only makes raw system calls until it is replaced. */
static _Noreturn void become_analyzer(const char *path, int output, uint64_t since)
{
    static char *environment[4096];
    size_t count = 0;
    uint64_t none = 0;
    char *arguments[20] = {(char *)path, "report"};
    write_arguments(arguments, since);
    for (char **entry = environ; entry != NULL && *entry != NULL && count < 4095; entry++)
        if (!is_ours(*entry))
            environment[count++] = *entry;
    raw(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
    if (output != STDOUT_FILENO)
        raw(dup3, output, STDOUT_FILENO, 0);
    if (output != STDERR_FILENO)
        raw(dup3, output, STDERR_FILENO, 0);
    raw(execve, path, arguments, environment);
    raw(exit_group, 127);
    __builtin_unreachable();
}

/* Exit statuses of `fdtrace report`; here also what stands for no answer. */
enum { REPORT_WRONG = 2, REPORT_UNTRACED = 3, REPORT_MATCHED = 99, REPORT_UNMADE = -1 };

/* A child without an exit signal disturbs no SIGCHLD, no wait(). */
static int run_analyzer(int output, uint64_t since)
{
    char path[OPTION_TEXT_SIZE];
    int status = 0;
    if (store.path[0] == '\0' || !find_analyzer(path))
        return REPORT_UNMADE;
    long child = raw(clone, 0); /* no signal at its end: the program's handlers need not know */
    if (child == -EINVAL)
        child = raw(clone, SIGCHLD); /* qemu's user emulation cannot do without */
    if (child == 0)
        become_analyzer(path, output, since);
    if (child < 0)
        return REPORT_UNMADE;
    long answer;
    while ((answer = raw(wait4, child, &status, __WALL)) == -EINTR)
        ;
    return answer == child && WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : REPORT_UNMADE;
}

bool end_explain(int output, uint64_t since)
{
    int answer = filter_known() ? REPORT_UNMADE : run_analyzer(output, since);
    if (answer == REPORT_UNMADE || answer == REPORT_WRONG)
        here_report(output, since != 0 ? since : 1);
    return answer != 0;
}

/* The status the program ends with, now that the report has answered. */
static int judge(int answer, int status)
{
    int failed = options.exitcode != 0 ? (int)options.exitcode : status;
    if (answer == REPORT_MATCHED)
        return failed;
    if (answer == REPORT_UNTRACED)
        return options.exitcode != 0 ? failed : REPORT_UNTRACED;
    if (!is_gate() || (answer != REPORT_UNMADE && answer != REPORT_WRONG))
        return status;
    say("what was found could not be judged, which counts as a failure", NULL);
    return failed;
}

static int report(int status)
{
    bool opened, wanted = strcmp(options.report, "none") != 0;
    int output = wanted ? open_destination(options.verify ? O_APPEND : O_TRUNC, &opened) : -1;
    if (output < 0 && !is_gate())
        return status;
    if (output < 0) {
        output = raw_open("/dev/null", O_WRONLY, 0); /* judged all the same */
        opened = output >= 0;
    }
    int answer = run_analyzer(output, AT_END);
    if (wanted && (answer == REPORT_UNMADE || answer == REPORT_WRONG))
        here_report(output, 0);
    if (opened)
        raw(close, output);
    return judge(answer, status);
}

/* The words go where the report goes, or in a tree of processes they would mix with what is piped from one to the next. */
static bool verified(void)
{
    bool opened = false;
    int output = options.log_path[0] != '\0' ? open_destination(O_TRUNC, &opened) : STDERR_FILENO;
    bool equal = verify_table(output) <= 0;
    if (opened && output >= 0)
        raw(close, output);
    return equal;
}

/* A private folder goes with its last segment; one that was asked for stays. */
static void clean_up(void)
{
    if (!store.private_folder || store.path[0] == '\0')
        return;
    raw(unlinkat, AT_FDCWD, store.path, 0);
    for (uint32_t image = store.header->image - 1; image >= 1; image--) { /* what execs left behind */
        struct line path = {.length = 0};
        line_text(&path, store.folder);
        line_text(&path, "/");
        line_number(&path, store.header->pid);
        line_text(&path, ".");
        line_number(&path, image);
        line_text(&path, FDT_SUFFIX);
        path.text[path.length] = '\0';
        raw(unlinkat, AT_FDCWD, path.text, 0);
    }
    raw(unlinkat, AT_FDCWD, store.folder, AT_REMOVEDIR); /* fails while other images of the tree live */
}

int process_end(int status)
{
    if (options.require_traced && !process_under_run && __atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) == GATE_OFF)
        return options.exitcode != 0 ? (int)options.exitcode : REPORT_UNTRACED;
    if (__atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) != GATE_ON ||
        (thread_self.vfork_pid != 0 && raw(getpid) != thread_self.vfork_pid))
        return status;
    /* A second thread, or a handler, may come here while the first is at it. */
    static uint32_t ended_pid TOGETHER;
    uint32_t me = (uint32_t)store.header->pid;
    if (__atomic_exchange_n(&ended_pid, me, __ATOMIC_ACQ_REL) == me)
        return status;

    bool reports = !process_under_run && (strcmp(options.report, "none") != 0 || is_gate());
    bool worth = count_leaks() != 0 || store.header->incidents != 0;
    store.header->exit_status = status & 255;
    store.header->end_ns = store_now();
    if (worth && !filter_known() && !thread_self.apart) /* it would ask about other descriptors */
        reconcile();
    if (worth)
        names_last();
    __atomic_store_n(&store.header->state, FDT_STATE_EXITED, __ATOMIC_RELEASE);
    if (filter_known())
        return status;
    if (options.verify && !verified())
        status = VERIFY_EXIT_STATUS;
    if (reports && (worth || is_gate()))
        status = report(status);
    clean_up();
    return status;
}

static int quick_status;

void end_quick_status(int status)
{
    quick_status = status;
}

/* Weak: there may be another libc than ours (loader.h), where we never get here. */
#ifdef __GLIBC__
extern __typeof__(on_exit) on_exit __attribute__((weak));
extern int __cxa_at_quick_exit(void (*function)(void *), void *object) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));
#define AT_EXIT(function) on_exit(function, NULL)
#define AT_QUICK_EXIT(function) __cxa_at_quick_exit(function, __dso_handle)
static void at_exit(int status, void *unused)
{
    (void)unused;
#else
/* musl does not tell its handlers the status, nor pass a wrapper when main returns: it counts as 0 (wrap_exit.c). */
extern __typeof__(atexit) atexit __attribute__((weak));
extern int at_quick_exit(void (*function)(void)) __attribute__((weak));
#define AT_EXIT(function) atexit(function)
#define AT_QUICK_EXIT(function) at_quick_exit((void (*)(void))(function))
static void at_exit(void)
{
    int status = quick_status;
#endif
    int other = process_end(status);
    if (other != status) {
        fflush(NULL); /* what exit would do next; no other way leads out with another status */
        raw(exit_group, other);
    }
}

static void at_quick(void *unused)
{
    (void)unused;
    int other = process_end(quick_status);
    if (other != quick_status)
        raw(exit_group, other);
}

void end_start(void)
{
    AT_EXIT(at_exit);
    AT_QUICK_EXIT(at_quick);
}
