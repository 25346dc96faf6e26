/* Rows of preload/wrap_select.c. */
#include "row.h"

#include <sys/resource.h>
#include <sys/select.h>

/* Room for more numbers than an fd_set has. */
static fd_set many[2];

/* A descriptor whose number no fd_set has room for; -1 where the limit is too low for that. */
static int high(void)
{
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    ((unsigned long *)many)[(FD_SETSIZE + 3) / NFDBITS] = 1UL << (FD_SETSIZE + 3) % NFDBITS;
    return dup2(0, FD_SETSIZE + 3);
}

static void over(const char *public, int answer)
{
    MUST(answer >= 0);
    printf("over-select-limit: %s of descriptor\n", public);
}

#define SELECT_ROW(name)                                                                               \
    ROW(name)                                                                                          \
    {                                                                                                  \
        struct timeval none = {0, 0};                                                                  \
        MUST(name(1, many, NULL, NULL, &none) >= 0);                                                   \
        int fd = high();                                                                               \
        if (fd >= 0)                                                                                   \
            over("select", name(fd + 1, many, NULL, NULL, &none));                                     \
    }

SELECT_ROW(select)
SELECT_ROW(__select)

ROW(pselect)
{
    struct timespec none = {0, 0};
    MUST(pselect(1, many, NULL, NULL, &none, NULL) >= 0);
    int fd = high();
    if (fd >= 0)
        over("pselect", pselect(fd + 1, many, NULL, NULL, &none, NULL));
}

/* Beyond the set they end the program. */
#define FDELT_ROW(name)                                                                                \
    ROW(name)                                                                                          \
    {                                                                                                  \
        MUST(name(0) == 0 && name(FD_SETSIZE - 1) == (FD_SETSIZE - 1) / __NFDBITS);                    \
    }

FDELT_ROW(__fdelt_chk)
FDELT_ROW(__fdelt_warn)
