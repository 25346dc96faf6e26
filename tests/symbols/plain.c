/* Static functions, functions inlined into each other, one called through a pointer, and one whose call comes last. */
#include "here.h"

#include <stdlib.h>

#define INLINE __attribute__((always_inline)) static inline

INLINE void leaf(const struct trail *trail)
{
    here(AT("leaf"), trail);
}

INLINE void middle(const struct trail *trail)
{
    if (trail != NULL) {
        int once = 1;
        while (once--)
            leaf(&(struct trail){AT("middle"), trail});
    }
}

__attribute__((noinline)) static void outer(void)
{
    here(AT("outer"), NULL);
    middle(&(struct trail){AT("outer"), NULL});
    leaf(&(struct trail){AT("outer"), NULL});
}

__attribute__((noinline)) void exported(void)
{
    here(AT("exported"), NULL);
    fflush(stdout);
}

__attribute__((noinline, noreturn)) static void farewell(void)
{
    here(AT("farewell"), NULL);
    exit(0);
}

int main(void)
{
    void (*volatile pointer)(void) = outer;
    pointer();
    exported();
    farewell();
}
