/*
 * C++: a template, a member function and an inlined one are told by the names the user wrote.
 * EXPECT: leak-at-exit count=1 kind=file call=open birth=load<int>
 * EXPECT: leak-at-exit count=1 kind=file call=open birth=config::reader::parse
 * EXPECT: leak-at-exit count=1 kind=file call=fopen owner=FILE birth=inlined_open
 */
#include <cstdio>
#include <fcntl.h>

template <typename Number> static Number load(Number flags)
{
    return static_cast<Number>(open("/etc/passwd", flags | O_CLOEXEC));
}

namespace config
{
struct reader {
    int parse(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }
};
}

__attribute__((always_inline)) static inline bool inlined_open(const char *path)
{
    return fopen(path, "re") != nullptr;
}

int main()
{
    config::reader reader;
    return load<int>(O_RDONLY) < 0 || reader.parse("/etc/group") < 0 || !inlined_open("/etc/passwd");
}
