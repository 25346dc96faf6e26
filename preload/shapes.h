/*
 * Shapes: the plain wrappers, one line each. Arguments are written once, as (type, name) pairs:
 *
 *     BIRTH(epoll_create1, "epoll_create1", ((int, flags)), .kind = FDT_EPOLL, .cloexec = flags & EPOLL_CLOEXEC)
 *     USE(ssize_t, write, "write", ((int, fd), (const void *, buffer), (size_t, size)))
 *
 * BIRTH       returns a new descriptor; the rest of the line says what is known of it (struct birth).
 * BIRTH_FROM  the same, made by means of the descriptor called `fd`, which may turn out to be dead.
 * USE         only uses the descriptor called `fd`; it costs one look at the table.
 * USE_BOTH    uses `fd` and `other_fd`; EBADF does not say which was dead, the table does.
 * USE_ERROR   a USE that returns the error instead of setting errno.
 *
 * What does not fit a shape is an ordinary function next to its family, with a comment saying which promise of the call
 * makes it awkward. No cleanup code surrounds the real calls: a cancelled thread or a C++ exception unwinds through.
 */
#ifndef FDTRACE_SHAPES_H
#define FDTRACE_SHAPES_H

#include "hook.h"
#include "quarantine.h"
#include "record.h"
#include "table.h"

#define FDT_PARAM(type, name) type name
#define FDT_ARG(type, name)   name

#define FDT_COUNT_(_1, _2, _3, _4, _5, _6, _7, n, ...) n
#define FDT_COUNT(...)        FDT_COUNT_(__VA_ARGS__, 7, 6, 5, 4, 3, 2, 1, 0)
#define FDT_PASTE_(a, b)      a##b
#define FDT_PASTE(a, b)       FDT_PASTE_(a, b)
#define FDT_EACH1(f, a)       f a
#define FDT_EACH2(f, a, ...)  f a, FDT_EACH1(f, __VA_ARGS__)
#define FDT_EACH3(f, a, ...)  f a, FDT_EACH2(f, __VA_ARGS__)
#define FDT_EACH4(f, a, ...)  f a, FDT_EACH3(f, __VA_ARGS__)
#define FDT_EACH5(f, a, ...)  f a, FDT_EACH4(f, __VA_ARGS__)
#define FDT_EACH6(f, a, ...)  f a, FDT_EACH5(f, __VA_ARGS__)
#define FDT_EACH7(f, a, ...)  f a, FDT_EACH6(f, __VA_ARGS__)
#define FDT_EACH(f, ...)      FDT_PASTE(FDT_EACH, FDT_COUNT(__VA_ARGS__))(f, __VA_ARGS__)
#define FDT_UNPACK(...)       __VA_ARGS__
#define PARAMS(list)          FDT_EACH(FDT_PARAM, FDT_UNPACK list)
#define ARGS(list)            FDT_EACH(FDT_ARG, FDT_UNPACK list)

/* A number that lived once and is closed now, as far as the table knows. */
static inline bool fd_is_dead(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    uint64_t word = slot != NULL ? table_word(slot) : 0;
    return word != 0 && (word & FDT_LIVE) == 0;
}

/*
 * The same, or one whose uses matter (UNTOUCHED, TIMED), or one that is not known to have lived: it may end a sweep. All of them
 * take the long way, for one comparison.
 */
static inline bool fd_is_special(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    return slot != NULL && (table_word(slot) & (FDT_LIVE | FDT_UNTOUCHED | FDT_TIMED)) != FDT_LIVE;
}

static inline void fd_touch(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    if (UNLIKELY(slot != NULL && (table_word(slot) & (FDT_UNTOUCHED | FDT_TIMED))))
        fd_touch_slowly(fd);
}

/* After a call that was given fd: EBADF is a misuse when fd has a past. */
static inline void fd_used(const struct call *call, long answer, int fd)
{
    if (UNLIKELY(answer == -1) && errno == EBADF)
        fd_bad_use(call, fd);
}

#define BIRTH(name, public, list, ...)                                                                 \
    HOOK(name, public);                                                                                \
    EXPORT int name(PARAMS(list))                                                                      \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        int born_fd = REAL(name)(ARGS(list));                                                          \
        fd_born(&call, born_fd, NEWBORN(__VA_ARGS__));                                                 \
        return born_fd;                                                                                \
    }

#define BIRTH_FROM(name, public, list, ...)                                                            \
    HOOK(name, public);                                                                                \
    EXPORT int name(PARAMS(list))                                                                      \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        const int meant_fd = fd;                                                                       \
        fd = quarantine_stand_in(fd);                                                                  \
        int born_fd = REAL(name)(ARGS(list));                                                          \
        fd = meant_fd;                                                                                 \
        fd_born(&call, born_fd, NEWBORN(__VA_ARGS__));                                                 \
        fd_used(&call, born_fd, fd);                                                                   \
        return born_fd;                                                                                \
    }

/*
 * A use is hot (read, write), and even a compare after the real call would cost a frame and a second return, several
 * nanoseconds after a system call. So the question is asked before: only a number that is not known to be open (or that came
 * in a message and is touched for the first time, or whose uses are timed) goes the long way round, where EBADF is told;
 * everything else is a jump. A use that overtakes another thread's close is not told.
 */
#define FDT_EARLY(result, name, list)                                                                  \
    static __typeof__(name) *libc_##name;                                                              \
    static COLD result name##_early(PARAMS(list))                                                      \
    {                                                                                                  \
        BIND(name);                                                                                    \
        return libc_##name(ARGS(list));                                                                \
    }
/* Standing in the wrapper's place: it is jumped to, so the frame it reads is the one the wrapper would have had. */
#define FDT_SPECIAL(result, name, list, bad, meant, prepare)                                           \
    static COLD result name##_special(PARAMS(list))                                                    \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        prepare;                                                                                       \
        result answer = libc_##name(ARGS(list));                                                       \
        if (bad)                                                                                       \
            fd_bad_use(&call, meant);                                                                  \
        return answer;                                                                                 \
    }
#define FDT_USE(result, name, public, list, suspect, bad, meant, prepare)                              \
    FDT_EARLY(result, name, list)                                                                      \
    HOOK_AT(name, public, name##_early);                                                               \
    FDT_SPECIAL(result, name, list, bad, meant, prepare)                                               \
    EXPORT result name(PARAMS(list))                                                                   \
    {                                                                                                  \
        if (UNLIKELY(suspect))                                                                         \
            return name##_special(ARGS(list));                                                         \
        return libc_##name(ARGS(list));                                                                \
    }
#define FDT_FAILED(result) (answer == (result)-1 && errno == EBADF)

/* A tombstone is used by no call: what nobody has is passed in its place, which is the number meant all the same. */
#define PREPARE(number)                                                                                \
    const int meant_##number = number;                                                                 \
    fd_touch(number);                                                                                  \
    number = quarantine_stand_in(number)

#define USE(result, name, public, list)                                                                \
    FDT_USE(result, name, public, list, fd_is_special(fd), FDT_FAILED(result), meant_fd, PREPARE(fd))
#define USE_BOTH(result, name, public, list)                                                           \
    FDT_USE(result, name, public, list, fd_is_special(fd) || fd_is_special(other_fd),                  \
            FDT_FAILED(result), fd_is_dead(meant_fd) ? meant_fd : meant_other_fd,                     \
            PREPARE(fd); PREPARE(other_fd))
#define USE_ERROR(name, public, list)                                                                  \
    FDT_USE(int, name, public, list, fd_is_special(fd), answer == EBADF, meant_fd, PREPARE(fd))

#endif
