/*
 * A function the dynamic linker knows, whose answer lies in no file: that is said, and not taken for no answer.
 * LIBS: -rdynamic
 */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>
#include <string.h>

const char *fdtrace_default_suppressions(void)
{
    static char text[64];
    return strcpy(text, "leak-at-exit:main\n");
}

int main(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
}
