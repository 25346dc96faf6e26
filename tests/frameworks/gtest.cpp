/*
 * A worked example of frameworks/fdtrace_gtest.h: which of these tests fail is decided by what they leave open.
 * LIBS: -lgtest -lpthread -iquote frameworks
 */
#include "fdtrace_gtest.h"

#include <fcntl.h>
#include <memory>
#include <unistd.h>

static int open_config()
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

TEST(Files, ClosesWhatItOpens)
{
    int fd = open_config();
    ASSERT_GE(fd, 0);
    close(fd);
}

TEST(Files, LeaksOne)
{
    ASSERT_GE(open_config(), 0);
}

TEST(Files, KeepsOneOnPurpose)
{
    ASSERT_EQ(fdtrace_ignore(open_config()), 0);
}

TEST(Files, IsSkipped)
{
    open_config();
    GTEST_SKIP() << "and not asked";
}

/* One for all tests of the suite, and one for each. */
class Fixture : public testing::Test
{
  protected:
    static int shared;
    int own = open_config();
    static void SetUpTestSuite()
    {
        shared = open_config();
    }
    static void TearDownTestSuite()
    {
        close(shared);
    }
    ~Fixture() override
    {
        close(own);
    }
};
int Fixture::shared;

TEST_F(Fixture, UsesTheSharedOne)
{
    ASSERT_GE(shared, 0);
}

TEST_F(Fixture, LeaksBesideIt)
{
    ASSERT_GE(open_config(), 0);
}

int main(int argc, char **argv)
{
    testing::InitGoogleTest(&argc, argv);
    fdtrace_gtest_listen();
    return RUN_ALL_TESTS();
}
