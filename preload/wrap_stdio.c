/*
 * Streams over descriptors. libc opens and closes them inside itself, unseen, so each call here is its own event; the
 * number behind a stream is asked with fileno, which is a field access (streams without a number answer -1).
 */
#include "compat.h"
#include "family.h"
#include "shapes.h"

/* glibc's own standard streams; the program may have put others into stdin, stdout and stderr. musl has none by these names. */
extern FILE _IO_2_1_stdin_ __attribute__((weak)), _IO_2_1_stdout_ __attribute__((weak)), _IO_2_1_stderr_ __attribute__((weak));

/* Bound, not wrapped: a program's own fileno must not answer for libc's. */
HOOK(fileno, "fileno");

/* fileno of a stream without a descriptor sets errno, which is the program's. */
static int stream_fd(FILE *stream)
{
    int error = errno;
    int fd = REAL(fileno)(stream);
    errno = error;
    return fd;
}

/* glibc reads the first letter and six more; the modes of popen, which may stand in any order, are shorter. */
static bool mode_has(const char *mode, char letter)
{
    for (int i = 0; i < 7 && mode[i] != '\0'; i++)
        if (mode[i] == letter)
            return true;
    return false;
}

static uint32_t mode_flags(const char *mode)
{
    uint32_t creates = mode[0] == 'w' ? O_CREAT | O_TRUNC : mode[0] == 'a' ? O_CREAT | O_APPEND : 0;
    return creates | (mode_has(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY);
}

static void stream_born(const struct call *call, FILE *stream, struct birth birth)
{
    if (stream == NULL) {
        fd_refused(call);
        return;
    }
    birth.handle = stream;
    int fd = stream_fd(stream);
    if (fd >= 0)
        fd_born(call, fd, &birth);
}

#define STREAM_BIRTH(function, public, parameters, arguments, ...)                                     \
    HOOK(function, public);                                                                            \
    EXPORT FILE *function parameters                                                                   \
    {                                                                                                  \
        struct call call = CALL(function);                                                             \
        FILE *stream = REAL(function) arguments;                                                       \
        stream_born(&call, stream, *NEWBORN(__VA_ARGS__));                                             \
        return stream;                                                                                 \
    }
#define BY_PATH(function, public, ...)                                                                 \
    STREAM_BIRTH(function, public, (const char *path, const char *mode), (path, mode),                 \
                 .kind = FDT_UNASKED, .flags = mode_flags(mode), .name = path, __VA_ARGS__)
/* The child and its end of the pipe are made inside libc; only the parent's end stays here. */
#define BY_PIPE(function)                                                                              \
    HOOK(function, "popen");                                                                           \
    EXPORT FILE *function(const char *command, const char *mode)                                       \
    {                                                                                                  \
        struct call call = CALL(function);                                                             \
        struct passage passage;                                                                        \
        bool recorded = command != NULL && shell_begins(&passage, &call, command);                     \
        FILE *stream = REAL(function)(command, mode);                                                  \
        if (stream != NULL && recorded)                                                                \
            shell_ran(&passage, true);                                                                 \
        stream_born(&call, stream, *NEWBORN(.kind = FDT_PIPE, .owner = FDT_OWNER_POPEN,                \
                                            .cloexec = mode_has(mode, 'e')));                          \
        return stream;                                                                                 \
    }
#define UNNAMED(function)                                                                              \
    STREAM_BIRTH(function, "tmpfile", (void), (),                                                      \
                 .kind = FDT_FILE, .owner = FDT_OWNER_STREAM, .flags = O_RDWR | O_CREAT | O_EXCL)

BY_PATH(fopen, "fopen", .owner = FDT_OWNER_STREAM, .cloexec = mode_has(mode, 'e'))
BY_PATH(fopen64, "fopen", .owner = FDT_OWNER_STREAM, .cloexec = mode_has(mode, 'e'))
BY_PATH(_IO_fopen, "fopen", .owner = FDT_OWNER_STREAM, .cloexec = mode_has(mode, 'e'))
/* glibc appends the 'e' itself. */
BY_PATH(setmntent, "setmntent", .owner = FDT_OWNER_MNTENT, .cloexec = true)
BY_PATH(__setmntent, "setmntent", .owner = FDT_OWNER_MNTENT, .cloexec = true)
BY_PIPE(popen)
BY_PIPE(_IO_popen)
UNNAMED(tmpfile)
UNNAMED(tmpfile64)

/* The number lives on and merely gets an owner; glibc ignores an 'e' here, musl obeys it. */
static void adopted(const struct call *call, int fd, const char *mode, FILE *stream)
{
#ifdef __GLIBC__
    (void)mode;
#else
    if (mode_has(mode, 'e'))
        fd_flagged(call, fd, fd_word(fd), true);
#endif
    fd_owned(call, fd, FDT_OWNER_STREAM, stream);
}

#define FDOPEN(name)                                                                                   \
    HOOK(name, "fdopen");                                                                              \
    EXPORT FILE *name(int fd, const char *mode)                                                        \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        FILE *stream = REAL(name)(quarantine_stand_in(fd), mode);                                                           \
        if (stream != NULL)                                                                            \
            adopted(&call, fd, mode, stream);                                                          \
        else                                                                                           \
            fd_used(&call, -1, fd);                                                                    \
        return stream;                                                                                 \
    }

FDOPEN(fdopen)
FDOPEN(_IO_fdopen)

/*
 * freopen opens the new file first and moves it over the old number with dup3; when the open fails the old number is
 * closed all the same. A stream that had no number (the program closed it, or it is a memory stream) may get one.
 * Up to glibc 2.40 an 'e' of the old mode sticks to the stream, and the dup3 obeys the stream, not the mode.
 */
#ifdef __GLIBC__
#define STREAM_CLOEXEC 64 /* _IO_FLAGS2_CLOEXEC */

static bool replaces_cloexec(const FILE *stream, const char *mode)
{
    (void)mode;
    return (stream->_flags2 & STREAM_CLOEXEC) != 0;
}
#else
static bool replaces_cloexec(const FILE *stream, const char *mode)
{
    (void)stream;
    return mode_has(mode, 'e');
}
#endif

static void reopened(const struct call *call, struct dying *dying, FILE *stream, const char *path, const char *mode)
{
    bool moved = dying->fd >= 0;
    if (moved)
        fd_died(call, dying, 0);
    bool cloexec = moved && stream != NULL ? replaces_cloexec(stream, mode) : mode_has(mode, 'e');
    stream_born(call, stream, *NEWBORN(.kind = FDT_UNASKED, .owner = FDT_OWNER_STREAM, .cloexec = cloexec,
                                       .flags = mode_flags(mode), .name = path));
}

#define FREOPEN(name)                                                                                  \
    HOOK(name, "freopen");                                                                             \
    EXPORT FILE *name(const char *path, const char *mode, FILE *old)                                   \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        struct dying dying = fd_dying(&call, stream_fd(old));                                          \
        fd_yields(-1, dying.fd);                                                                       \
        FILE *stream = REAL(name)(path, mode, old);                                                    \
        reopened(&call, &dying, stream, path, mode);                                                   \
        return stream;                                                                                 \
    }

FREOPEN(freopen)
FREOPEN(freopen64)

/*
 * A second fclose is told before libc gets to see the stream. Streams without a number (fmemopen, open_memstream,
 * fopencookie) pass no wrapper and may lie where an ended one lay: those are whole. Freed memory is not. The three standard
 * streams are never freed: an ended one is whole, but for its number.
 */
#ifdef __GLIBC__
#define STREAM_MAGIC 0xfbad0000u /* _IO_MAGIC, in the upper half of every stream's flags */

static bool ended_again(const FILE *stream)
{
    if (LIKELY(!fd_handle_ended(stream)))
        return false;
    bool standard = stream == &_IO_2_1_stdin_ || stream == &_IO_2_1_stdout_ || stream == &_IO_2_1_stderr_;
    return standard ? stream->_fileno < 0 : ((unsigned)stream->_flags & 0xffff0000u) != STREAM_MAGIC;
}

/* The number behind the stream is closed already, and must stay what it is: libc's own close is to find nothing. */
static void leave_tombstone(FILE *stream)
{
    if (UNLIKELY(quarantine_on) && ((unsigned)stream->_flags & 0xffff0000u) == STREAM_MAGIC &&
        quarantine_stand_in(stream->_fileno) == QUARANTINE_NOBODY)
        stream->_fileno = QUARANTINE_NOBODY;
}
#else
/* musl's streams have no mark, and are nobody's but musl's: a second fclose is not told, and may take a tombstone along. */
static bool ended_again(const FILE *stream)
{
    (void)stream;
    return false;
}

static void leave_tombstone(FILE *stream)
{
    (void)stream;
}
#endif

/* An fclose that fails has closed the number, unless it was closed before: only then the kernel says EBADF. */
#define FCLOSE(name, public, owner)                                                                        \
    HOOK(name, public);                                                                                \
    EXPORT int name(FILE *stream)                                                                      \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        if (UNLIKELY(ended_again(stream)))                                                             \
            fd_ended_again(&call, stream);                                                             \
        struct dying dying = fd_ending(&call, stream_fd(stream), owner, stream);                       \
        leave_tombstone(stream);                                                                           \
        int answer = REAL(name)(stream);                                                               \
        fd_ended(&call, &dying, answer == EOF ? errno : 0);                                             \
        return answer;                                                                                 \
    }

FCLOSE(fclose, "fclose", FDT_OWNER_STREAM)
FCLOSE(_IO_fclose, "fclose", FDT_OWNER_STREAM)
FCLOSE(pclose, "pclose", FDT_OWNER_POPEN)

/* Always answers 1, and is the one of them that takes NULL. */
#define ENDMNTENT(name)                                                                                \
    HOOK(name, "endmntent");                                                                           \
    EXPORT int name(FILE *stream)                                                                      \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        struct dying dying = fd_dying(&call, stream != NULL ? stream_fd(stream) : -1);                 \
        int answer = REAL(name)(stream);                                                               \
        fd_ended(&call, &dying, 0);                                                                    \
        return answer;                                                                                 \
    }

ENDMNTENT(endmntent)
ENDMNTENT(__endmntent)
