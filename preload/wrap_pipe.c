/*
 * Calls that make two descriptors at once. The array is written on success only, and both ends are recorded.
 */
#include "compat.h"
#include "family.h"
#include "rights.h"
#include "shapes.h"

void pair_born(const struct call *call, int answer, const int pair[2], const struct birth *birth)
{
    if (answer < 0) {
        fd_refused(call);
        return;
    }
    struct birth end = *birth;
    if (end.kind == FDT_SOCKET_UNIX)
        end.token = rights_pair();
    fd_born(call, pair[0], &end);
    if (end.token != 0)
        end.token ^= FDT_TOKEN_OTHER_END;
    fd_born(call, pair[1], &end);
}

/* The prototypes say how long the array is, and so must we. */
typedef int pair_t[2];

#define PAIR(name, public, list, ...)                                                                  \
    HOOK(name, public);                                                                                \
    EXPORT int name(PARAMS(list))                                                                      \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        int answer = REAL(name)(ARGS(list));                                                           \
        pair_born(&call, answer, pair, NEWBORN(__VA_ARGS__));                                          \
        return answer;                                                                                 \
    }

PAIR(pipe, "pipe", ((pair_t, pair)), .kind = FDT_PIPE)
PAIR(__pipe, "pipe", ((pair_t, pair)), .kind = FDT_PIPE)
PAIR(pipe2, "pipe2", ((pair_t, pair), (int, flags)), .kind = FDT_PIPE, .cloexec = flags & O_CLOEXEC, .flags = (uint32_t)flags)
PAIR(socketpair, "socketpair", ((int, domain), (int, type), (int, protocol), (pair_t, pair)), .kind = socket_kind(domain), .cloexec = type & SOCK_CLOEXEC, .flags = (uint32_t)type)
