/*
 * AddressSanitizer's runtime ends a program in which another library was loaded before it, because that library's
 * functions would hide its own. Ours hide none: they lead to the next one's, which is the runtime's. So we ask it not
 * to insist, by the way it offers: a function it looks up, whose answer stands before what ASAN_OPTIONS says. A
 * program that defines the function itself is asked instead of us, and has to say so itself.
 */
#include "hook.h"

const char *__asan_default_options(void);

EXPORT const char *__asan_default_options(void)
{
    return "verify_asan_link_order=0";
}
