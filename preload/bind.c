/*
 * Binding: libc's own functions, found once and all at once (two hundred look-ups cost microseconds, and none is left
 * for a moment when it could not be made: inside a signal handler, or after a fork with the loader's lock held).
 */
#include "hook.h"

#include "loader.h"

static long missing(void)
{
    errno = ENOSYS;
    return -1;
}

void bind_all(void)
{
    static bool bound;
    if (__atomic_load_n(&bound, __ATOMIC_ACQUIRE))
        return;
    /* Two early threads may both do this; they store the same addresses. */
    for (const struct hook *hook = __start_fdt_hooks; hook < __stop_fdt_hooks; hook++) {
        if (hook->name == NULL)
            continue;
        void *function = loader_find(RTLD_NEXT, hook->name);
        __atomic_store_n(hook->real, function != NULL ? function : (void *)missing, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&bound, true, __ATOMIC_RELEASE);
}
