/*
 * GoogleTest tests that fail when they leak a descriptor, with the stacks of the leaks.
 *
 *     #include "fdtrace_gtest.h"
 *
 *     int main(int argc, char **argv)
 *     {
 *         testing::InitGoogleTest(&argc, argv);
 *         fdtrace_gtest_listen();
 *         return RUN_ALL_TESTS();
 *     }
 *
 *     LD_PRELOAD=libfdtrace.so FDTRACE_OPTIONS=report=none ./tests
 *
 * A test answers for what was opened from before its fixture's constructor to after its destructor and is still open;
 * SetUpTestSuite and environments run outside. A test that fails anyway, or is skipped, is not asked. What is meant to
 * stay open: fdtrace_ignore(fd), or suppressions (fdtrace.h). Without the tracer nothing is checked; FDTRACE_REQUIRED=1
 * in the environment makes that a failure of every test.
 */
#ifndef FDTRACE_GTEST_H
#define FDTRACE_GTEST_H

#include "fdtrace/fdtrace.h"

#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

/* Marks the beginning of each test, and fails it at its end. Not for several threads: GoogleTest runs its tests in one.
 */
class FdtraceListener : public testing::EmptyTestEventListener
{
    fdtrace_mark_t begun = 0;

    void OnTestStart(const testing::TestInfo &) override
    {
        begun = fdtrace_mark();
    }

    /* Listeners hear of the end in reverse order, so this one comes before the printer, and its failures count. */
    void OnTestEnd(const testing::TestInfo &test) override
    {
        const char *required = std::getenv("FDTRACE_REQUIRED");
        if (test.result()->Failed() || test.result()->Skipped())
            return;
        if (fdtrace_version() == nullptr && required != nullptr && std::strcmp(required, "1") == 0)
            ADD_FAILURE() << "libfdtrace.so is not preloaded, and FDTRACE_REQUIRED asks for it";
        std::vector<char> explanation(1 << 16);
        int leaks = fdtrace_explain(begun, explanation.data(), explanation.size());
        if (leaks < 0)
            ADD_FAILURE() << "the tracer could not record: descriptors were not checked";
        if (leaks > 0)
            ADD_FAILURE() << "descriptors that were opened by this test are still open:\n" << explanation.data();
    }
};

/* Once, after InitGoogleTest. GoogleTest owns the listener. */
inline void fdtrace_gtest_listen()
{
    testing::UnitTest::GetInstance()->listeners().Append(new FdtraceListener);
}

#endif
