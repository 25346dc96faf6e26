/*
 * dlclose lets other code move in at old addresses: stacks taken before and after must not be confused. dlopen is left
 * alone: it resolves against its caller's search paths, and called from here it would see ours.
 */
#include "gate.h"
#include "modules.h"

#include <dlfcn.h>

HOOK(dlclose, "dlclose");
EXPORT int dlclose(void *handle)
{
    int answer = REAL(dlclose)(handle);
    int saved = errno;
    if (answer == 0 && gate_enter())
        modules_closed();
    errno = saved;
    return answer;
}
