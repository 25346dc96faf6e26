/* Calls that move RLIMIT_NOFILE: the header's copy follows, so that reports can tell how much headroom there was. */
#include "gate.h"
#include "quarantine.h"
#include "store.h"

#include <sys/resource.h>
#include <sys/types.h>

/* Functions with an enum in glibc's C prototypes; the referee is still libc's own declaration. */
static void follow(int answer, int resource, const struct rlimit *limit)
{
    if (answer != 0 || resource != RLIMIT_NOFILE || limit == NULL ||
        __atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) != GATE_ON)
        return;
    if (limit->rlim_cur != __atomic_load_n(&store.header->nofile_soft, __ATOMIC_RELAXED))
        __atomic_store_n(&store.header->limit_peak, __atomic_load_n(&store.header->open_peak, __ATOMIC_RELAXED),
                         __ATOMIC_RELAXED);
    __atomic_store_n(&store.header->nofile_soft, limit->rlim_cur, __ATOMIC_RELAXED);
    __atomic_store_n(&store.header->nofile_hard, limit->rlim_max, __ATOMIC_RELAXED);
    if (UNLIKELY(quarantine_on) && gate_enter())
        quarantine_make_room(0);
}

_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "one structure on 64-bit");

HOOK(setrlimit, "setrlimit");
EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    int answer = REAL(setrlimit)(resource, limit);
    follow(answer, (int)resource, limit);
    return answer;
}

HOOK(setrlimit64, "setrlimit");
EXPORT int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
    int answer = REAL(setrlimit64)(resource, limit);
    follow(answer, (int)resource, (const struct rlimit *)limit);
    return answer;
}

HOOK(prlimit, "prlimit");
EXPORT int prlimit(pid_t pid, __rlimit_resource_t resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
    int answer = REAL(prlimit)(pid, resource, new_limit, old_limit);
    if (pid == 0)
        follow(answer, (int)resource, new_limit);
    return answer;
}

HOOK(prlimit64, "prlimit");
EXPORT int prlimit64(pid_t pid, __rlimit_resource_t resource, const struct rlimit64 *new_limit, struct rlimit64 *old_limit)
{
    int answer = REAL(prlimit64)(pid, resource, new_limit, old_limit);
    if (pid == 0)
        follow(answer, (int)resource, (const struct rlimit *)new_limit);
    return answer;
}
