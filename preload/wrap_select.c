/*
 * select and the check behind FD_SET. An fd_set has FD_SETSIZE bits; a greater number writes over what lies behind it. To
 * ask about a closed number is no misuse here, so nothing else is looked at.
 */
#include "compat.h"
#include "filter.h"
#include "raw.h"
#include "shapes.h"

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

#define SELECT(name, public, list)                                                                     \
    HOOK(name, public);                                                                                \
    EXPORT int name(PARAMS(list))                                                                      \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        if (UNLIKELY(count > FD_SETSIZE) && (fd_word(count - 1) & FDT_LIVE) &&                                    \
            is_in_a_set(count - 1, (const fd_set *[]){in, out, exceptional}))                          \
            fd_over_select(&call, count - 1);                                                          \
        if (UNLIKELY(quarantine_on) && asks_for_tombstone(count, (const fd_set *[]){in, out, exceptional})) { \
            errno = EBADF;                                                                             \
            return -1;                                                                                 \
        }                                                                                              \
        return REAL(name)(ARGS(list));                                                                 \
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
