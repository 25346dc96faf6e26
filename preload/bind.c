/*
 * Binding: libc's own functions, found once and all at once (two hundred look-ups cost microseconds, and none is left
 * for a moment when it could not be made: inside a signal handler, or after a fork with the loader's lock held).
 */
#include "hook.h"

#include "loader.h"
#include "symbols.h"

#include <dlfcn.h>

enum { MOST_HOOKS = 512 }; /* were there more, the loader would be asked for them unseen */

static long missing(void)
{
    errno = ENOSYS;
    return -1;
}

/*
 * Two early threads may both do this; they store the same. A function that libc keeps for old programs alone is bound, too:
 * such a program finds our wrapper of it.
 */
void bind_all(void)
{
    static bool bound;
    static struct symbol symbols[MOST_HOOKS];
    unsigned count = (unsigned)(__stop_fdt_hooks - __start_fdt_hooks);
    if (__atomic_load_n(&bound, __ATOMIC_ACQUIRE))
        return;
    for (unsigned i = 0; i < count && i < MOST_HOOKS; i++)
        symbols[i].name = __start_fdt_hooks[i].name != NULL ? __start_fdt_hooks[i].name : "";
    loader_start();
    symbols_find(symbols, count < MOST_HOOKS ? count : MOST_HOOKS, true);
    for (unsigned i = 0; i < count; i++) {
        const struct hook *hook = &__start_fdt_hooks[i];
        if (hook->name == NULL)
            continue;
        void *function = i < MOST_HOOKS ? symbols[i].address : NULL;
        if (function == NULL && (i >= MOST_HOOKS || symbols[i].there))
            function = loader_find(RTLD_NEXT, hook->name);
        __atomic_store_n(hook->real, function != NULL ? function : (void *)missing, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&bound, true, __ATOMIC_RELEASE);
}
