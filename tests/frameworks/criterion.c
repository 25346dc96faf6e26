/*
 * A worked example of frameworks/fdtrace_criterion.c: which of these tests fail is decided by what they leave open.
 * LIBS: -lcriterion -iquote frameworks -Wno-cast-function-type
 */
#include "fdtrace_criterion.c"

#include <criterion/parameterized.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <unistd.h>

static int open_config(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

Test(files, closes_what_it_opens)
{
    int fd = open_config();
    cr_assert_geq(fd, 0);
    close(fd);
}

Test(files, leaks_one)
{
    cr_assert_geq(open_config(), 0);
}

Test(files, keeps_one_on_purpose)
{
    cr_assert_eq(fdtrace_ignore(open_config()), 0);
}

/* A fixture closes what the test used. */
static int shared;

static void begin(void)
{
    shared = open_config();
}

static void end(void)
{
    close(shared);
}

TestSuite(fixtures, .init = begin, .fini = end);

Test(fixtures, use_the_shared_one)
{
    cr_assert_geq(shared, 0);
}

Test(fixtures, leak_beside_it)
{
    cr_assert_geq(open_config(), 0);
}

ParameterizedTestParameters(numbers, leak_when_odd)
{
    static int numbers[] = {1, 2, 3};
    return cr_make_param_array(int, numbers, 3, NULL);
}

ParameterizedTest(int *number, numbers, leak_when_odd)
{
    int fd = open_config();
    if (*number % 2 == 0)
        close(fd);
}

Test(redirected, output_is_captured_by_criterion)
{
    cr_redirect_stdout();
    cr_assert_geq(dup(1), 0, "a leak of the test's own, beside Criterion's");
}
