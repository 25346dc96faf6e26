/*
 * Real programs behave the same with and without: every script in tests/transparency is run twice in a fresh folder, and
 * what it writes to standard output and standard error, and how it ends, must be the same. Its first comment says which
 * programs it NEEDS and what its output must hold (EXPECT), so that a session that did nothing cannot pass.
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

/* Both runs see the same folder name, so that paths in their output agree. */
static struct outcome run_session(const char *script, const char *folder, const char *session, enum tracing tracing)
{
    char *absolute = realpath(script, NULL);
    struct outcome fresh =
        run(&(struct run){.argv = (const char *[]){"sh", "-c", "rm -rf session; mkdir session", NULL}, .folder = folder});
    outcome_free(&fresh);
    const char *const environment[] = {"PATH=" PATHS, text("HOME=%s/session", folder), "LC_ALL=C", NULL};
    struct outcome outcome = run(&(struct run){.argv = (const char *[]){"sh", absolute, NULL},
                                               .tracing = tracing,
                                               .folder = text("%s/session", folder),
                                               .environment = environment,
                                               .options = text("report=none:session=%s", session),
                                               .deadline = 50});
    free(absolute);
    return outcome;
}

ParameterizedTest(struct script *script, transparency, same_output)
{
    setenv("PATH", PATHS, 1);
    char *needs = directive(script->path, "NEEDS", 0), *expected = directive(script->path, "EXPECT", 0), *state;
    cr_assert(needs != NULL && expected != NULL, "%s does not say what it needs and expects", script->path);
    for (char *name = strtok_r(needs, " ", &state); name != NULL; name = strtok_r(NULL, " ", &state))
        if (!have_program(name))
            cr_skip_test("%s: there is no %s here", script->path, name);
    char *folder = scratch_make(), *sessions = scratch_make();
    struct outcome bare = run_session(script->path, folder, sessions, BARE);
    cr_assert(outcome_code(&bare) == 0 && strstr(bare.out, expected) != NULL, "%s does not work bare: %d\n%s%s",
              script->path, outcome_code(&bare), bare.out, bare.err);
    struct outcome traced = run_session(script->path, folder, sessions, PRELOADED);
    cr_expect_not(traced.overdue, "%s did not end", script->path);
    cr_expect_eq(outcome_code(&traced), 0, "%s ended with %d: %s", script->path, outcome_code(&traced), traced.err);
    cr_expect_str_eq(traced.out, bare.out, "%s wrote\n%sand not\n%s", script->path, traced.out, bare.out);
    cr_expect_str_eq(traced.err, bare.err, "%s told\n%sand not\n%s", script->path, traced.err, bare.err);
    outcome_free(&bare);
    outcome_free(&traced);
    free(needs);
    free(expected);
    scratch_remove(folder);
    scratch_remove(sessions);
}
