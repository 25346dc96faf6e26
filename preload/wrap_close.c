/*
 * The plain deaths. The record is made before the real call and put right after it (record.h, "Order").
 */
#include "compat.h"
#include "process.h"
#include "quarantine.h"
#include "shapes.h"

#include <limits.h>
#include <linux/close_range.h>

#define CLOSE(name, public)                                                                            \
    HOOK(name, public);                                                                                \
    EXPORT int name(int fd)                                                                            \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        struct dying dying = fd_ending(&call, fd, FDT_OWNER_NONE, NULL);                               \
        int answer = UNLIKELY(quarantine_on) ? quarantine_close(&dying, fd, REAL(name)) : REAL(name)(fd); \
        fd_died(&call, &dying, answer < 0 ? errno : 0);                                                \
        return answer;                                                                                 \
    }

CLOSE(close, "close")
CLOSE(__close, "close")
CLOSE(mq_close, "mq_close")

/*
 * With CLOSE_RANGE_CLOEXEC nothing is closed. With CLOSE_RANGE_UNSHARE one of several threads takes a table of its own
 * along, and what happens there is not what the record is about.
 */
HOOK(close_range, "close_range");
EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
    struct call call = CALL(close_range);
    bool closes = (flags & CLOSE_RANGE_CLOEXEC) == 0;
    if ((flags & CLOSE_RANGE_UNSHARE) && process_threads_share()) {
        int parted = REAL(close_range)(first, last, flags);
        if (parted == 0)
            process_thread_parts();
        return parted;
    }
    if (closes)
        fd_sweep_begin(&call, first, last);
    int answer = REAL(close_range)(first, last, flags);
    if (closes)
        fd_sweep_end(first, last, answer < 0 ? errno : 0);
    else if (answer == 0)
        fd_sweep_cloexec(first, last);
    return answer;
}

/* Without close_range in the kernel libc walks /proc/self/fd; it aborts the program rather than fail. */
HOOK(closefrom, "closefrom");
EXPORT void closefrom(int low)
{
    struct call call = CALL(closefrom);
    unsigned first = low > 0 ? (unsigned)low : 0;
    fd_sweep_begin(&call, first, UINT_MAX);
    REAL(closefrom)(low);
    fd_sweep_end(first, UINT_MAX, 0);
}
