/*
 * Copies. dup2 and dup3 close their target without a word, so they are a death before the call and a birth after it.
 */
#include "compat.h"
#include "quarantine.h"
#include "shapes.h"

HOOK(dup, "dup");
EXPORT int dup(int fd)
{
    struct call call = CALL(dup);
    uint64_t seen = fd_word(fd);
    int copy = REAL(dup)(quarantine_stand_in(fd));
    fd_duped(&call, fd, seen, copy, false);
    fd_used(&call, copy, fd);
    return copy;
}

/*
 * dup2 onto itself changes nothing, not even close-on-exec (dup3 refuses it): it asks whether the number is open. A failed
 * call leaves the target open.
 */
#define DUP_ONTO(name, public, parameters, arguments, cloexec)                                         \
    HOOK(name, public);                                                                                \
    EXPORT int name parameters                                                                         \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        struct dying dying = fd_dying(&call, fd != target ? target : -1);                              \
        uint64_t seen = fd_word(fd);                                                                   \
        int source = quarantine_stand_in(fd);                                                          \
        bool yielded = fd_yields(fd, target);                                                          \
        int answer = REAL(name) arguments;                                                             \
        if (answer < 0) {                                                                              \
            fd_survived(&call, &dying);                                                                \
            if (UNLIKELY(yielded))                                                                     \
                quarantine_stays(target);                                                              \
            if (fd != target)                                                                          \
                fd_used(&call, answer, fd);                                                            \
        } else if (fd != target) {                                                                     \
            fd_replaced(&call, &dying, fd, seen, cloexec);                                             \
        }                                                                                              \
        return answer;                                                                                 \
    }

DUP_ONTO(dup2, "dup2", (int fd, int target), (source, target), false)
DUP_ONTO(__dup2, "dup2", (int fd, int target), (source, target), false)
DUP_ONTO(dup3, "dup3", (int fd, int target, int flags), (fd == target ? fd : source, target, flags), flags & O_CLOEXEC)
