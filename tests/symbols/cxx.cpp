/* C++ names: a template, a member, an overload, an unnamed namespace, a lambda. */
#include "here.h"

#define NOINLINE __attribute__((noinline))

namespace pool
{
template <typename Number> NOINLINE Number borrow(Number number)
{
    here(AT("pool::borrow<int>(int)"), nullptr);
    return number;
}

struct connection {
    NOINLINE void open(const char *) const { here(AT("pool::connection::open(char const*) const"), nullptr); }
    NOINLINE void open(int) { here(AT("pool::connection::open(int)"), nullptr); }
};
}

namespace
{
NOINLINE void local() { here(AT("(anonymous namespace)::local()"), nullptr); }
}

__attribute__((always_inline)) static inline void inlined(const trail *outer)
{
    here(AT("inlined"), outer);
}

int main()
{
    pool::borrow(1);
    pool::connection connection;
    connection.open("");
    connection.open(1);
    local();
    trail step = {AT("main"), nullptr}; inlined(&step);
    [] { here(AT("main::{lambda()#1}::operator()() const"), nullptr); }();
}
