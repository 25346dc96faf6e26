/*
 * Criterion tests that fail when they leak a descriptor, with the stacks of the leaks.
 *
 * Add this file to the sources of a test binary, and preload the tracer when it runs:
 *
 *     cc -o tests tests.c fdtrace_criterion.c -lcriterion
 *     LD_PRELOAD=libfdtrace.so FDTRACE_OPTIONS=report=none ./tests
 *
 * Not a test has to be changed. A test answers for what was opened from the beginning of its .init to the end of its
 * .fini, those of its suite included, and is still open. A test that fails anyway, or is skipped, is not asked. What is
 * meant to stay open: fdtrace_ignore(fd), or suppressions (fdtrace.h). Without the tracer nothing is checked;
 * FDTRACE_REQUIRED=1 in the environment makes that a failure of every test.
 */
#include "fdtrace/fdtrace.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What Criterion itself opens in a test (cr_redirect_stdout, ...) is its own affair. */
FDTRACE_SUPPRESSIONS("[criterion]\nrule=leak-at-exit\nframes=libcriterion.so*\n")

enum { EXPLANATION_SIZE = 1 << 16 };

static fdtrace_mark_t begun;
static void (*test_body)(void *parameter);

/*
 * Tests call these three of Criterion's through the dynamic linker, which finds ours first. RTLD_NEXT needs
 * _GNU_SOURCE, which may be defined too late in a file that is only added.
 */
static void *find_original(const char *name)
{
    void *original = dlsym((void *)-1L /* RTLD_NEXT */, name);
    if (original == NULL)
        abort(); /* this Criterion is another one than it was written for: rather no test than none that checks */
    return original;
}

static void tell_leaks(void)
{
    static char explanation[EXPLANATION_SIZE];
    const char *required = getenv("FDTRACE_REQUIRED");
    if (fdtrace_version() == NULL && required != NULL && *required == '1')
        cr_assert_fail("libfdtrace.so is not preloaded, and FDTRACE_REQUIRED asks for it");
    int leaks = fdtrace_explain(begun, explanation, sizeof(explanation));
    if (leaks < 0)
        cr_assert_fail("the tracer could not record: descriptors were not checked");
    if (leaks > 0)
        cr_assert_fail("descriptors that were opened by this test are still open:\n%s", explanation);
}

/*
 * The fixtures of the test end it; Criterion would call them after it has asked for the last time whether it failed. It keeps
 * what it hands to a test's process packed, at whatever address follows, so nothing here may be taken for aligned.
 */
static void finish(const void *holder, size_t offset)
{
    const size_t at = offsetof(struct criterion_test_extra_data, fini);
    void (*fini)(void) = NULL, (*none)(void) = NULL;
    char *data;
    memcpy(&data, (const char *)holder + offset, sizeof(data));
    if (data != NULL)
        memcpy(&fini, data + at, sizeof(fini));
    if (fini == NULL)
        return;
    memcpy(data + at, &none, sizeof(none));
    fini();
}

static void body(void *parameter)
{
    test_body(parameter);
    finish(criterion_current_test, offsetof(struct criterion_test, data));
    finish(criterion_current_suite, offsetof(struct criterion_suite, data));
    tell_leaks();
}

void criterion_internal_test_setup(void)
{
    begun = fdtrace_mark();
    ((void (*)(void))find_original("criterion_internal_test_setup"))();
}

void criterion_internal_test_main(void (*test)(void))
{
    test_body = (void (*)(void *))test;
    ((void (*)(void (*)(void)))find_original("criterion_internal_test_main"))((void (*)(void))body);
}
