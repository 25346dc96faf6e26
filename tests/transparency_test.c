/*
 * Real programs behave the same with and without: every script in tests/transparency is run twice in a fresh folder, and
 * what it writes to standard output and standard error, and how it ends, must be the same. Its first comment says which
 * programs it NEEDS and what its output must hold (EXPECT), so that a session that did nothing cannot pass.
 *
 * The traced run verifies, too: every process of it compares its table with the kernel's as it ends, and none may find a
 * difference. What the script must NEVER be told of is looked up in the report of the whole session.
 */
#include "support.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATHS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct script {
    char path[200];
};

ParameterizedTestParameters(transparency, same_output)
{
    glob_t found;
    if (glob("tests/transparency/*.sh", 0, NULL, &found) != 0)
        found.gl_pathc = 0;
    struct script *scripts = cr_calloc(found.gl_pathc + 1, sizeof(*scripts));
    for (size_t i = 0; i < found.gl_pathc; i++)
        snprintf(scripts[i].path, sizeof(scripts->path), "%s", found.gl_pathv[i]);
    struct criterion_test_params params = {sizeof(*scripts), scripts, found.gl_pathc, NULL};
    globfree(&found);
    return params;
}

/* Where one script is run: the same for both runs, so that paths in their output agree. */
struct place {
    char *folder;   /* holds the script's working folder, `session`, and what verify says, `verify.PID` */
    char *sessions; /* the recording                                                                    */
    bool as_nobody; /* the programs refuse to run as root                                               */
};

/* Nobody else may be able to reach the build, so the library is copied to where he can. */
static struct place place_make(const char *as)
{
    struct place place = {scratch_make(), scratch_make(), as != NULL && geteuid() == 0};
    if (!place.as_nobody)
        return place;
    const char *const words[] = {
        "sh", "-c", "cp \"$1\" \"$2\" && chmod 755 \"$2\" \"$2/libfdtrace.so\" && chown 65534:65534 \"$2\" \"$3\"", "sh",
        built("libfdtrace.so"), place.folder, place.sessions, NULL};
    struct outcome outcome = run(&(struct run){.argv = words});
    cr_assert_eq(outcome_code(&outcome), 0, "no place for nobody: %s", outcome.err);
    outcome_free(&outcome);
    return place;
}

static void place_remove(struct place *place)
{
    scratch_remove(place->folder);
    scratch_remove(place->sessions);
}

static struct outcome run_session(const char *script, const struct place *place, bool traced)
{
    size_t used = 0;
    const char *words[16];
    char *absolute = realpath(script, NULL);
    struct outcome fresh = run(&(struct run){.argv = (const char *[]){"rm", "-rf", "session", NULL},
                                             .folder = place->folder});
    outcome_free(&fresh);
    if (place->as_nobody) {
        static const char *const become[] = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
        for (size_t i = 0; i < sizeof(become) / sizeof(become[0]); i++)
            words[used++] = become[i];
    }
    const char *library = place->as_nobody ? text("%s/libfdtrace.so", place->folder) : built("libfdtrace.so");
    /* The script comes as a word, because nobody may not be able to read it either. */
    FILE *file = fopen(absolute, "re");
    char source[16384];
    cr_assert_not_null(file, "%s cannot be read", script);
    source[fread(source, 1, sizeof(source) - 1, file)] = '\0';
    fclose(file);
    free(absolute);
    const char *const environment[] = {"PATH=" PATHS, text("HOME=%s/session", place->folder), "LC_ALL=C", NULL};
    const char *const last[] = {
        "sh", "-c", "mkdir session && cd session && exec env \"$@\"", "sh",
        traced ? text("LD_PRELOAD=%s", library) : "UNTRACED=1",
        text("FDTRACE_OPTIONS=report=none:verify=1:log_path=%s/verify:session=%s", place->folder, place->sessions),
        "sh", "-c", source, NULL};
    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
        words[used++] = last[i];
    return run(&(struct run){.argv = words, .folder = place->folder, .environment = environment, .deadline = 50});
}

/* Every process that ended by itself has compared its table with the kernel, and found no difference. */
static void expect_verified(const char *script, const struct place *place)
{
    glob_t found;
    unsigned equal = 0;
    if (glob(text("%s/verify.*", place->folder), 0, NULL, &found) != 0)
        found.gl_pathc = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char said[4096];
        FILE *file = fopen(found.gl_pathv[i], "re");
        cr_assert_not_null(file, "%s cannot be read", found.gl_pathv[i]);
        said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
        fclose(file);
        bool good = strstr(said, "table equals kernel") != NULL;
        equal += good;
        /* Nothing said: it was killed while it ended. */
        cr_expect(good || said[0] == '\0', "%s: process %s:\n%s", script, strrchr(found.gl_pathv[i], '.') + 1, said);
    }
    cr_expect_gt(equal, 0, "%s: no process verified its table", script);
    globfree(&found);
}

static bool is_forbidden(const json_t *finding, const char *what)
{
    const char *severity = json_string_value(json_object_get(finding, "severity"));
    return (severity != NULL && strcmp(severity, what) == 0) || finding_fits(finding, what);
}

/* The report of the whole session has nothing that a NEVER names. */
static void expect_never(const char *script, const struct place *place)
{
    char *what = directive(script, "NEVER", 0);
    if (what == NULL)
        return;
    const char *path = text("%s/report.json", place->folder);
    const char *const words[] = {built("fdtrace"), "report", "-o", text("json:%s", path), place->sessions, NULL};
    struct outcome outcome = run(&(struct run){.argv = words});
    cr_expect_eq(outcome_code(&outcome), 0, "%s: no report: %s", script, outcome.err);
    outcome_free(&outcome);
    json_t *report = report_load(path), *finding;
    char *digest = report_digest(report);
    for (unsigned nth = 0; what != NULL; free(what), what = directive(script, "NEVER", ++nth)) {
        size_t index;
        json_array_foreach(json_object_get(report, "findings"), index, finding)
            cr_expect_not(is_forbidden(finding, what), "%s must not be told of '%s': %s\nall of it:\n%s", script, what,
                          json_string_value(json_object_get(finding, "message")), digest);
    }
    free(digest);
    json_decref(report);
}

static void skip_without(const char *script, char *needs)
{
    char *state;
    cr_assert(needs != NULL, "%s does not say what it needs", script);
    for (char *name = strtok_r(needs, " ", &state); name != NULL; name = strtok_r(NULL, " ", &state))
        if (!have_program(name))
            cr_skip_test("%s: there is no %s here", script, name);
    free(needs);
}

ParameterizedTest(struct script *script, transparency, same_output)
{
    setenv("PATH", PATHS, 1);
    skip_without(script->path, directive(script->path, "NEEDS", 0));
    char *expected = directive(script->path, "EXPECT", 0), *as = directive(script->path, "AS", 0);
    cr_assert_not_null(expected, "%s does not say what it expects", script->path);
    struct place place = place_make(as);
    struct outcome bare = run_session(script->path, &place, false);
    cr_assert(outcome_code(&bare) == 0 && strstr(bare.out, expected) != NULL, "%s does not work bare: %d\n%s%s",
              script->path, outcome_code(&bare), bare.out, bare.err);
    struct outcome traced = run_session(script->path, &place, true);
    cr_expect_not(traced.overdue, "%s did not end", script->path);
    cr_expect_eq(outcome_code(&traced), 0, "%s ended with %d: %s", script->path, outcome_code(&traced), traced.err);
    cr_expect_str_eq(traced.out, bare.out, "%s wrote\n%sand not\n%s", script->path, traced.out, bare.out);
    cr_expect_str_eq(traced.err, bare.err, "%s told\n%sand not\n%s", script->path, traced.err, bare.err);
    expect_verified(script->path, &place);
    expect_never(script->path, &place);
    outcome_free(&bare);
    outcome_free(&traced);
    free(expected);
    free(as);
    place_remove(&place);
}
