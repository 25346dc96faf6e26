/*
 * select and the check behind FD_SET. An fd_set has FD_SETSIZE bits; a greater number writes over what lies behind it. And
 * a closed number among them makes the whole call fail, where poll would only say so: that is a use of it.
 */
#include "compat.h"
#include "filter.h"
#include "raw.h"
#include "shapes.h"
#include "table.h"

#include <sys/select.h>

/* select is the one call that takes a tombstone (quarantine.h) for an open number. A bad pointer is the kernel's to refuse. */
static bool asks_for_tombstone(int count, const fd_set *const sets[3])
{
    for (int i = 0; i < 3; i++) {
        const unsigned long *words = (const unsigned long *)sets[i];
        for (int word = 0; words != NULL && word * __NFDBITS < count && raw_readable(&words[word]); word++)
            for (int bit = 0; words[word] != 0 && bit < __NFDBITS && word * __NFDBITS + bit < count; bit++)
                if ((words[word] >> bit & 1) && quarantine_holds(word * __NFDBITS + bit))
                    return true;
    }
    return false;
}

/*
 * Some programs allocate greater sets, or pass a bound of their own: an open number that no set holds is not being used. The
 * kernel reads as far, but where it may not be asked for what is readable (a filter), the bound is believed.
 */
static bool is_in_a_set(int fd, const fd_set *const sets[3])
{
    for (int i = 0; i < 3; i++) {
        const unsigned long *word = (const unsigned long *)sets[i] + fd / __NFDBITS;
        if (sets[i] != NULL && (filter_known() || (raw_readable(word) && (*word >> fd % __NFDBITS & 1))))
            return true;
    }
    return false;
}

/* After EBADF: the kernel has read the sets that far, and left them alone. Of several the first one is told. */
static COLD void closed_in_a_set(const struct call *call, int count, const fd_set *const sets[3])
{
    for (int fd = 0; fd < count && fd < (int)table_end(); fd++) {
        uint64_t word = fd_word(fd);
        bool closed = word != 0 && (word & FDT_LIVE) == 0;
        for (int i = 0; closed && i < 3; i++) {
            if (sets[i] == NULL || !(((const unsigned long *)sets[i])[fd / __NFDBITS] >> fd % __NFDBITS & 1))
                continue;
            fd_bad_use(call, fd);
            return;
        }
    }
}

#define SELECT(name, public, list)                                                                     \
    HOOK(name, public);                                                                                \
    EXPORT int name(PARAMS(list))                                                                      \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        if (UNLIKELY(count > FD_SETSIZE) && (fd_word(count - 1) & FDT_LIVE) &&                                    \
            is_in_a_set(count - 1, (const fd_set *[]){in, out, exceptional}))                          \
            fd_over_select(&call, count - 1);                                                          \
        if (UNLIKELY(quarantine_on) && asks_for_tombstone(count, (const fd_set *[]){in, out, exceptional})) { \
            closed_in_a_set(&call, count, (const fd_set *[]){in, out, exceptional});                   \
            errno = EBADF;                                                                             \
            return -1;                                                                                 \
        }                                                                                              \
        int answer = REAL(name)(ARGS(list));                                                           \
        if (UNLIKELY(answer < 0) && errno == EBADF)                                                    \
            closed_in_a_set(&call, count, (const fd_set *[]){in, out, exceptional});                   \
        return answer;                                                                                 \
    }

SELECT(select, "select", ((int, count), (fd_set *, in), (fd_set *, out), (fd_set *, exceptional), (struct timeval *, timeout)))
SELECT(__select, "select", ((int, count), (fd_set *, in), (fd_set *, out), (fd_set *, exceptional), (struct timeval *, timeout)))
SELECT(pselect, "pselect", ((int, count), (fd_set *, in), (fd_set *, out), (fd_set *, exceptional), (const struct timespec *, timeout), (const sigset_t *, mask)))

/* Called by FD_SET, FD_CLR and FD_ISSET of fortified programs: answers the word of the set, or ends the program. */
#define FDELT(name)                                                                                    \
    HOOK(name, "FD_SET");                                                                              \
    EXPORT long name(long fd)                                                                          \
    {                                                                                                  \
        if (LIKELY(fd >= 0 && fd < FD_SETSIZE))                                                        \
            return fd / __NFDBITS;                                                                     \
        struct call call = CALL(name);                                                                 \
        if (fd >= 0)                                                                                   \
            fd_over_select(&call, (int)fd);                                                            \
        return REAL(name)(fd);                                                                         \
    }

FDELT(__fdelt_chk)
FDELT(__fdelt_warn)
