/* See gate_support.h. */
#include "gate_support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct outcome gate_fdtrace(const char *options, const char *const *words)
{
    const char *argv[64] = {built("fdtrace")};
    for (size_t i = 0; words[i] != NULL && i < 62; i++)
        argv[i + 1] = words[i];
    return run(&(struct run){.argv = argv, .options = options});
}

const char *gate_write(const char *folder, const char *name, const char *content)
{
    const char *path = text("%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    cr_assert_not_null(file, "%s", path);
    fputs(content, file);
    cr_assert_eq(fclose(file), 0);
    return path;
}

void gate_expect(struct outcome outcome, int status, const char *piece)
{
    bool absent = piece[0] == '!';
    const char *found = strstr(outcome.err, piece + absent);
    cr_expect_eq(outcome_code(&outcome), status, "it ended with %d, not %d; it wrote:\n%s%s", outcome_code(&outcome),
                 status, outcome.out, outcome.err);
    cr_expect((found != NULL) != absent, "'%s' is %s in:\n%s", piece + absent, absent ? "" : "not", outcome.err);
    outcome_free(&outcome);
}
