/* Rows of preload/wrap_pipe.c. */
#include "row.h"

#define PIPE_ROW(name)                                                                                 \
    ROW(name)                                                                                          \
    {                                                                                                  \
        int pair[2];                                                                                   \
        kept("pipe", name(pair));                                                                      \
        MUST(close(pair[0]) == 0);                                                                     \
    }

PIPE_ROW(pipe)
PIPE_ROW(__pipe)

ROW(pipe2)
{
    int pair[2];
    kept("pipe2", pipe2(pair, 0));
    kept("pipe2", pipe2(pair, O_CLOEXEC | O_NONBLOCK));
    MUST(pipe2(pair, -1) == -1 && errno == EINVAL);
}

ROW(socketpair)
{
    int pair[2];
    kept("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    kept("socketpair", socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
}
