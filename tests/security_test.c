/*
 * Other users of the machine (SECURITY.md): what they leave where we write, and the recordings they leave for us to read.
 * Another user is `nobody`, so most of this wants root and is skipped, visibly, without.
 */
#include "named_file.h"
#include "out/source.h"
#include "output_file.h"
#include "segment_maker.h"
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { NOBODY = 65534, PID = 4194400 };
#define SECRET "the secret of root\n"

static char *scratch;

static void begin(void)
{
    scratch = scratch_make();
    alarm(100); /* where something is waited for that never comes */
}

static void end(void)
{
    scratch_remove(scratch);
}

TestSuite(security, .init = begin, .fini = end);

static void need_root(void)
{
    if (geteuid() != 0)
        cr_skip_test("needs root, to have another user");
}

static const char *inside(const char *name)
{
    return text("%s/%s", scratch, name);
}

static const char *make_file(const char *path, const char *content, mode_t mode, uid_t owner)
{
    FILE *file = fopen(path, "we");
    cr_assert_not_null(file, "%s: %s", path, strerror(errno));
    fputs(content, file);
    fclose(file);
    cr_assert(chmod(path, mode) == 0 && (owner == geteuid() || chown(path, owner, owner) == 0));
    return path;
}

static void expect_content(const char *path, const char *content)
{
    char found[256] = "";
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file, "%s: %s", path, strerror(errno));
    size_t length = fread(found, 1, sizeof(found) - 1, file);
    fclose(file);
    found[length] = '\0';
    cr_expect_str_eq(found, content, "%s holds '%s'", path, found);
}

/* Whatever the name of this owner is. */
static void give_away(const char *path)
{
    cr_assert_eq(lchown(path, NOBODY, NOBODY), 0, "%s: %s", path, strerror(errno));
}

/*
 * A FIFO whose both ends are open, so that nobody ever waits for the other end: whoever does not ask what it is reads what is
 * in it, or writes where we see it. Closed by the caller.
 */
static int hold_fifo(const char *path, const char *content)
{
    cr_assert_eq(mkfifo(path, 0666), 0, "%s: %s", path, strerror(errno));
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    cr_assert(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    return fd;
}

/* What is in it now, and nothing else. */
static void expect_held(int fd, const char *content)
{
    char found[256] = "";
    ssize_t length = read(fd, found, sizeof(found) - 1);
    cr_expect_str_eq(found, content, "the FIFO holds '%s'", found);
    cr_expect(length >= 0 || errno == EAGAIN);
    close(fd);
}

static struct outcome report_of(const char *path)
{
    return run(&(struct run){.argv = (const char *[]){built("fdtrace"), "report", path, NULL}, .deadline = 30});
}

/* One image, which leaks, with a module at this path. */
static void make_recording(const char *path, int pid, const char *module)
{
    struct segment_maker maker;
    maker_begin(&maker, pid, 1);
    maker_module(&maker, module, 0x10000000, 0x100000);
    maker_birth(&maker, 3, maker_site(&maker, "open", (const uint64_t[]){0x10000100, 0x10000200, 0}), FDT_FILE, "x", 0);
    maker_exit(&maker, 0);
    cr_assert_eq(maker_write(&maker, path), 0);
    maker_free(&maker);
}

/* --- reading: somebody else's session --- */

Test(security, a_session_with_traps_in_it)
{
    char *session = strdup(inside("session"));
    cr_assert_eq(mkdir(session, 0700), 0);
    const char *secret = strdup(make_file(inside("secret"), SECRET, 0600, geteuid()));
    make_recording(text("%s/%d.1.fdt", session, PID), PID, secret);
    cr_assert_eq(symlink(secret, text("%s/%d.1.fdt", session, PID + 1)), 0);
    cr_assert_eq(mkfifo(text("%s/%d.1.fdt", session, PID + 2), 0666), 0);
    cr_assert_eq(mkdir(text("%s/%d.1.fdt", session, PID + 3), 0700), 0);
    cr_assert_eq(symlink("/dev/zero", text("%s/%d.1.fdt", session, PID + 4)), 0);
    cr_assert_eq(symlink(secret, text("%s/command", session)), 0);
    struct outcome outcome = report_of(session);
    cr_expect_not(outcome.overdue, "it waits");
    cr_expect_eq(outcome_code(&outcome), 0);
    cr_expect_not_null(strstr(outcome.out, "was never closed"), "the good recording is not told:\n%s%s", outcome.out,
                       outcome.err);
    cr_expect_not_null(strstr(outcome.out, "symbolic link"), "the link is not told:\n%s", outcome.out);
    cr_expect_null(strstr(outcome.out, "secret of root"), "it reads what a link leads to:\n%s", outcome.out);
    for (int i = 2; i <= 3; i++)
        cr_expect_not_null(strstr(outcome.out, text("%d.1.fdt is not an fdtrace recording", PID + i)),
                           "%s was taken for a recording:\n%s", i == 2 ? "a FIFO" : "a folder", outcome.out);
    outcome_free(&outcome);
}

Test(security, modules_that_are_no_files)
{
    cr_assert_eq(mkfifo(inside("fifo"), 0666), 0);
    const char *const modules[] = {inside("fifo"), "/dev/zero", "/dev/tty", "/proc/kcore", "/proc/self/mem", scratch};
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        const char *path = text("%s/%d.1.fdt", scratch, PID);
        make_recording(path, PID, modules[i]);
        struct outcome outcome = report_of(path);
        cr_expect_not(outcome.overdue, "%s: it waits", modules[i]);
        cr_expect_not_null(strstr(outcome.out, "was never closed"), "%s:\n%s%s", modules[i], outcome.out, outcome.err);
        outcome_free(&outcome);
    }
}

Test(security, only_plain_files_are_opened)
{
    struct stat status;
    char line[64], *fifo = strdup(inside("fifo")), *module = strdup(inside("module"));
    int held = hold_fifo(fifo, SECRET);
    make_file(module, "", 0644, geteuid());
    const char *const others[] = {fifo, "/dev/null", "/dev/zero", scratch};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        cr_expect_lt(named_file_open(others[i], &status), 0, "%s", others[i]);
    /* Debug information may say that a line of source stands there. */
    cr_expect_not(source_line(fifo, 1, module, line, sizeof(line)), "it reads '%s'", line);
    expect_held(held, SECRET);
    int fd = named_file_open(module, &status);
    cr_expect_geq(fd, 0);
    close(fd);
}

Test(security, files_planted_in_a_session)
{
    need_root();
    char *session = strdup(inside("session"));
    cr_assert_eq(mkdir(session, 0777), 0);
    cr_assert_eq(chmod(session, 0777), 0);
    make_recording(text("%s/%d.1.fdt", session, PID), PID, "/none");
    make_recording(text("%s/%d.1.fdt", session, PID + 1), PID + 1, "/none");
    give_away(text("%s/%d.1.fdt", session, PID + 1));
    struct outcome outcome = report_of(session);
    cr_expect_not_null(strstr(outcome.out, "belongs to another user than its folder"), "%s%s", outcome.out, outcome.err);
    outcome_free(&outcome);
}

/* What the recording's owner may not read is not read for him, and the reader's rights are back afterwards. */
Test(security, files_named_by_others_are_opened_with_their_rights)
{
    need_root();
    struct stat recording, status;
    cr_assert_eq(chmod(scratch, 0755), 0);
    char *secret = strdup(make_file(inside("secret"), SECRET, 0600, 0));
    char *of_group = strdup(make_file(inside("of-group"), SECRET, 0640, 0));
    char *open_to_all = strdup(make_file(inside("open"), "x\n", 0644, 0));
    make_recording(inside("recording"), PID, "/none");
    cr_assert_eq(stat(inside("recording"), &recording), 0);
    named_files_of(&recording);
    cr_expect_not(named_files_foreign(), "one's own is not foreign");
    int fd = named_file_open(secret, &status);
    cr_expect_geq(fd, 0, "one's own recording may name one's own file");
    close(fd);

    give_away(inside("recording"));
    cr_assert_eq(stat(inside("recording"), &recording), 0);
    named_files_of(&recording);
    cr_expect(named_files_foreign());
    cr_expect_lt(named_file_open(secret, &status), 0, "root reads for nobody what nobody may not read");
    cr_expect_lt(named_file_open(of_group, &status), 0, "root's group was kept");
    cr_expect_geq(fd = named_file_open(open_to_all, &status), 0);
    close(fd);
    cr_expect_geq(fd = open(secret, O_RDONLY | O_CLOEXEC), 0, "root's own rights are lost: %s", strerror(errno));
    close(fd);
    recording.st_uid = NOBODY - 1;
    named_files_of(&recording);
    cr_expect_lt(named_file_open(open_to_all, &status), 0, "whose rights should that have been?");
}

/* A mapping would be a SIGBUS. */
Test(security, a_file_that_is_cut_short_while_it_is_read)
{
    struct named_file file;
    char *path = strdup(inside("program"));
    make_file(path, "", 0644, geteuid());
    cr_assert_eq(truncate(path, 1 << 20), 0);
    cr_assert(named_file_load(&file, path));
    cr_assert_eq(truncate(path, 0), 0);
    size_t sum = 0;
    for (size_t i = 0; i < file.size; i++)
        sum += (unsigned char)file.bytes[i];
    cr_expect_eq(sum, 0);
    named_file_unload(&file);
}

Test(security, huge_files_of_others_are_not_read)
{
    need_root();
    struct stat status;
    struct named_file file;
    char *path = strdup(inside("huge"));
    cr_assert_eq(chmod(scratch, 0755), 0);
    make_file(path, "", 0644, NOBODY);
    cr_assert_eq(truncate(path, INT64_C(600) << 20), 0);
    cr_assert_eq(stat(path, &status), 0);
    named_files_of(&status);
    cr_expect_not(named_file_load(&file, path));
}

/* --- writing: what others left where we write --- */

/* Writes "report" there, and answers errno. */
static int write_output(const char *path)
{
    errno = 0;
    FILE *file = output_file_open(path, "we");
    int error = errno;
    if (file == NULL)
        return error;
    fputs("report", file);
    fclose(file);
    return 0;
}

Test(security, outputs_go_to_files_of_ones_own)
{
    char *mine = strdup(make_file(inside("mine"), "old and longer", 0600, geteuid()));
    cr_assert_eq(symlink(mine, inside("link")), 0);
    cr_expect_eq(write_output(inside("link")), 0);
    expect_content(mine, "report");
    cr_expect_eq(write_output(inside("new")), 0);
    expect_content(inside("new"), "report");
    cr_expect_eq(write_output(text("%s/none/new", scratch)), ENOENT);
    cr_expect_eq(write_output("/dev/null"), 0);
}

Test(security, outputs_do_not_go_where_others_want_them)
{
    need_root();
    cr_assert_eq(chmod(scratch, 01777), 0);
    char *mine = strdup(make_file(inside("mine"), SECRET, 0600, 0));
    char *link = strdup(inside("link")), *theirs = strdup(make_file(inside("theirs"), "x", 0666, NOBODY));
    char *fifo = strdup(inside("fifo"));
    int held = hold_fifo(fifo, "");
    cr_assert_eq(symlink(mine, link), 0);
    give_away(link);
    give_away(fifo);
    cr_expect_eq(write_output(link), EPERM);
    cr_expect_eq(write_output(theirs), EPERM);
    cr_expect_eq(write_output(fifo), EPERM);
    expect_held(held, "");
    expect_content(mine, SECRET);
    expect_content(theirs, "x");
    /* As the user who owns the folder would have it. */
    cr_assert_eq(chmod(scratch, 0755), 0);
    give_away(scratch);
    cr_expect_eq(write_output(theirs), 0);
    expect_content(theirs, "report");
}

/*
 * sh does what make says at log.PID, and becomes a program that leaks: the report belongs into log.PID. What verify says
 * does, too, and then the report is added to it instead of replacing it: two ways to open it, and a complaint of each.
 */
static void expect_no_log_with(bool verify, const char *make, const char *what)
{
    char *target = strdup(make_file(inside("target"), SECRET, 0644, geteuid()));
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){"sh", "-c", text("cd %s && %s && exec \"$0\"", scratch, make),
                                 built("tests/victims/leak_accepted"), NULL},
        .tracing = PRELOADED,
        .options = text("log_path=%s/log:verify=%d", scratch, verify),
        .deadline = 30});
    cr_expect_not(outcome.overdue, "%s: it waits", what);
    static const char complaint_text[] = "the report cannot be written to";
    const char *complaint = strstr(outcome.err, complaint_text);
    if (verify && complaint != NULL)
        complaint = strstr(complaint + 1, complaint_text);
    cr_expect_not_null(complaint, "%s, verify=%d: %s", what, verify, outcome.err);
    expect_content(target, SECRET);
    outcome_free(&outcome);
    free(target);
}

static void expect_no_log(const char *make, const char *what)
{
    expect_no_log_with(false, make, what);
    expect_no_log_with(true, make, what);
}

Test(security, a_log_is_a_new_file_or_ones_own)
{
    expect_no_log("ln -s target log.$$", "a symbolic link");
    expect_no_log("ln target log.$$", "a hard link");
    expect_no_log("mkfifo log.$$", "a FIFO");
    expect_no_log("mkfifo log.$$ && exec 9<>log.$$", "a FIFO that is read");
    if (geteuid() == 0)
        expect_no_log("echo >log.$$ && chmod 666 log.$$ && chown 65534 log.$$", "somebody else's file");
}

/* --- the session's folder --- */

Test(security, removing_a_session_follows_no_link)
{
    char *target = strdup(make_file(inside("target"), SECRET, 0600, geteuid()));
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){built("fdtrace"), "run", "--", "sh", "-c", "ln -s \"$0\" \"$FDTRACE_RUN/99.1.fdt\"", target,
                                 NULL}});
    cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    expect_content(target, SECRET);
    outcome_free(&outcome);
}

Test(security, a_folder_others_may_enter_is_told_once)
{
    char *folder = strdup(inside("open"));
    cr_assert_eq(mkdir(folder, 0755), 0);
    cr_assert_eq(chmod(folder, 0755), 0);
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){"sh", "-c", "/bin/true; sh -c '/bin/true; :'; exec /bin/true", NULL},
        .tracing = PRELOADED,
        .options = text("report=none:session=%s", folder)});
    const char *first = strstr(outcome.err, "others may enter it");
    cr_assert_not_null(first, "not told: %s", outcome.err);
    cr_expect_null(strstr(first + 1, "others may enter it"), "told again: %s", outcome.err);
    outcome_free(&outcome);
}

/* --- set-uid --- */

/* Linked with the library, so that ld.so's own care (it drops LD_PRELOAD) does not matter. */
Test(security, set_uid_programs_take_no_options)
{
    need_root();
    char *program = strdup(inside("program")), *source = strdup(inside("program.c"));
    char *library = strdup(inside("libfdtrace.so"));
    cr_assert_eq(chmod(scratch, 0777), 0);
    make_file(source, "#include <fcntl.h>\nint main(void) { return open(\"/dev/null\", O_RDONLY) < 0; }\n", 0644, 0);
    struct outcome made = run(&(struct run){
        .argv = (const char *[]){"sh", "-c", "cp \"$0\" \"$1\" && cc -o \"$2\" \"$3\" -Wl,--no-as-needed \"$1\" && chmod 4755 \"$2\"",
                                 built("libfdtrace.so"), library, program, source, NULL}});
    cr_assert_eq(outcome_code(&made), 0, "%s", made.err);
    const char *const environment[] = {"LC_ALL=C", NULL};
    struct outcome outcome = run(&(struct run){
        .argv = (const char *[]){"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, NULL},
        .options = text("log_path=%s/log:session=%s/session:help=1", scratch, scratch),
        .environment = environment});
    cr_expect_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    cr_expect_null(strstr(outcome.err, "FDTRACE_OPTIONS"), "it obeys: %s", outcome.err);
    cr_expect_neq(access(inside("session"), F_OK), 0, "it made a folder for somebody else");
    outcome_free(&made);
    outcome_free(&outcome);
}
