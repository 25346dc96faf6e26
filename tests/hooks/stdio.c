/* Rows of preload/wrap_stdio.c. */
#include "row.h"

static FILE *kept_stream(const char *public, FILE *stream)
{
    kept(public, stream != NULL ? fileno(stream) : -1);
    return stream;
}

#define FOPEN_ROW(name)                                                                                \
    ROW(name)                                                                                          \
    {                                                                                                  \
        kept_stream("fopen", name("/dev/null", "r"));                                                  \
        kept_stream("fopen", name("/dev/null", "r+e"));                                                \
        MUST(name("/dev/null", "") == NULL && errno == EINVAL);                                        \
    }

FOPEN_ROW(fopen)
FOPEN_ROW(fopen64)
FOPEN_ROW(_IO_fopen)

#define FDOPEN_ROW(name)                                                                               \
    ROW(name)                                                                                          \
    {                                                                                                  \
        MUST(name(kept("open", open("/dev/null", O_RDONLY)), "re") != NULL);                           \
        MUST(name(kept("open", open("/dev/null", O_RDONLY | O_CLOEXEC)), "r") != NULL);                \
        misused("fdopen", name(stale(), "r") == NULL ? -1 : 0);                                        \
    }

FDOPEN_ROW(fdopen)
FDOPEN_ROW(_IO_fdopen)

/* Over a plain stream, one that was close-on-exec, the same file, a number that had gone; and a failure. */
#define FREOPEN_ROW(name)                                                                              \
    ROW(name)                                                                                          \
    {                                                                                                  \
        kept_stream("freopen", name("/dev/zero", "re", fopen("/dev/null", "r")));                      \
        kept_stream("freopen", name("/dev/zero", "r", fopen("/dev/null", "re")));                      \
        kept_stream("freopen", name(NULL, "a", fopen("/dev/null", "w")));                              \
        FILE *gone = fopen("/dev/null", "r");                                                          \
        close(fileno(gone));                                                                           \
        kept_stream("freopen", name("/dev/zero", "r", gone));                                          \
        MUST(name("/nowhere/at/all", "r", fopen("/dev/null", "r")) == NULL && errno == ENOENT);        \
    }

FREOPEN_ROW(freopen)
FREOPEN_ROW(freopen64)

ROW(tmpfile)
{
    kept_stream("tmpfile", tmpfile());
}

ROW(tmpfile64)
{
    kept_stream("tmpfile", tmpfile64());
}

#define SETMNTENT_ROW(name)                                                                            \
    ROW(name)                                                                                          \
    {                                                                                                  \
        kept_stream("setmntent", name("/dev/null", "r"));                                              \
    }

SETMNTENT_ROW(setmntent)
SETMNTENT_ROW(__setmntent)

#define POPEN_ROW(name)                                                                                \
    ROW(name)                                                                                          \
    {                                                                                                  \
        kept_stream("popen", name("exit 0", "r"));                                                     \
        kept_stream("popen", name("exit 0", "we"));                                                    \
    }

POPEN_ROW(popen)
POPEN_ROW(_IO_popen)

/* A number that had gone from under its stream is closed a second time: one mistake, the first close's. */
#define CLOSE_ROW(name, make)                                                                          \
    ROW(name)                                                                                          \
    {                                                                                                  \
        MUST(name(make) == 0);                                                                         \
        FILE *gone = make;                                                                             \
        close(fileno(gone));                                                                           \
        MUST(name(gone) == EOF && errno == EBADF);                                                     \
        puts("close-mismatch: close of descriptor\n!double-close");                                    \
    }

CLOSE_ROW(fclose, fopen("/dev/null", "r"))
CLOSE_ROW(_IO_fclose, fopen("/dev/null", "r"))
CLOSE_ROW(pclose, popen("exit 0", "r"))

/* A stream over a number that was there before, one without a number, and what pclose answers. */
CASE(fclose_others)
{
    MUST(fclose(fdopen(open("/dev/null", O_RDONLY), "r")) == 0);
    MUST(fclose(fmemopen(bytes, sizeof bytes, "r")) == 0);
    MUST(pclose(popen("exit 3", "r")) == 3 << 8);
}

#define ENDMNTENT_ROW(name)                                                                            \
    ROW(name)                                                                                          \
    {                                                                                                  \
        MUST(name(setmntent("/dev/null", "r")) == 1);                                                  \
        MUST(name(NULL) == 1);                                                                         \
    }

ENDMNTENT_ROW(endmntent)
ENDMNTENT_ROW(__endmntent)
