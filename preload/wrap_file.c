/*
 * Files opened by path or handle, temporary files, and the file-like objects of the mount calls.
 *
 * What lies at a path is not asked (it would cost a system call an event): such a birth is FDT_UNASKED unless the call
 * itself settles it. `creat` does not: creat("/dev/null") opens a character device.
 */
#include "compat.h"
#include "family.h"
#include "raw.h"
#include "shapes.h"

#include <linux/mount.h>
#include <sys/mount.h>

/* open(2): an argument that was not passed must not be fetched. */
bool open_has_mode(int flags)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

uint8_t open_kind(int flags)
{
    /* O_TMPFILE contains O_DIRECTORY, so it comes first. O_EXCL refuses whatever was already there. */
    if ((flags & O_TMPFILE) == O_TMPFILE || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return FDT_FILE;
    return flags & O_DIRECTORY ? FDT_DIR : FDT_UNASKED;
}

#define OPENED(path, open_flags)                                                                       \
    .kind = open_kind(open_flags), .cloexec = open_flags & O_CLOEXEC, .flags = (uint32_t)(open_flags), .name = path

#define FETCH_MODE(mode, flags)                                                                        \
    mode_t mode = 0;                                                                                   \
    if (open_has_mode(flags)) {                                                                        \
        va_list list;                                                                                  \
        va_start(list, flags);                                                                         \
        mode = va_arg(list, mode_t);                                                                   \
        va_end(list);                                                                                  \
    }

/* Variadic, hence no BIRTH. libc ignores a mode it has no use for, so it is always passed on. */
#define OPEN(name)                                                                                     \
    HOOK(name, "open");                                                                                \
    EXPORT int name(const char *path, int flags, ...)                                                  \
    {                                                                                                  \
        FETCH_MODE(mode, flags)                                                                        \
        struct call call = CALL(name);                                                                 \
        int fd = REAL(name)(path, flags, mode);                                                        \
        fd_born(&call, fd, NEWBORN(OPENED(path, flags)));                                              \
        return fd;                                                                                     \
    }

#define OPENAT(name)                                                                                   \
    HOOK(name, "openat");                                                                              \
    EXPORT int name(int directory, const char *path, int flags, ...)                                   \
    {                                                                                                  \
        FETCH_MODE(mode, flags)                                                                        \
        struct call call = CALL(name);                                                                 \
        int fd = REAL(name)(quarantine_stand_in(directory), path, flags, mode);                                             \
        fd_born(&call, fd, NEWBORN(OPENED(path, flags)));                                              \
        fd_used(&call, fd, directory);                                                                 \
        return fd;                                                                                     \
    }

OPEN(open)
OPEN(open64)
OPEN(__open)
OPEN(__open64)
OPENAT(openat)
OPENAT(openat64)

/* The fortified forms of a call without a mode. */
BIRTH(__open_2, "open", ((const char *, path), (int, flags)), OPENED(path, flags))
BIRTH(__open64_2, "open", ((const char *, path), (int, flags)), OPENED(path, flags))
BIRTH_FROM(__openat_2, "openat", ((int, fd), (const char *, path), (int, flags)), OPENED(path, flags))
BIRTH_FROM(__openat64_2, "openat", ((int, fd), (const char *, path), (int, flags)), OPENED(path, flags))

BIRTH(creat, "creat", ((const char *, path), (mode_t, mode)), OPENED(path, (O_CREAT | O_WRONLY | O_TRUNC)))
BIRTH(creat64, "creat", ((const char *, path), (mode_t, mode)), OPENED(path, (O_CREAT | O_WRONLY | O_TRUNC)))

/* By handle the kind is as open as by path: new kernels make pidfds and namespaces this way as well. */
BIRTH_FROM(open_by_handle_at, "open_by_handle_at", ((int, fd), (struct file_handle *, handle), (int, flags)), OPENED(NULL, flags))

/*
 * glibc has openat2 since 2.43 only; a program that finds it here must not get less than the kernel offers. It is not
 * looked up where it cannot be: a dlsym that fails allocates, and the caller may be the program's own malloc.
 */
#if __GLIBC_PREREQ(2, 43)
HOOK(openat2, "openat2");
#define OPENAT2(...) REAL(openat2)(__VA_ARGS__)
#else
HOOK_RELATIVE(openat2, "openat2");
#define OPENAT2(...) openat2_by_number(__VA_ARGS__)

static int openat2_by_number(int directory, const char *path, const struct open_how *how, size_t size)
{
    long answer = raw(openat2, directory, path, how, size);
    if (answer >= 0)
        return (int)answer;
    errno = (int)-answer;
    return -1;
}
#endif

EXPORT int openat2(int directory, const char *path, const struct open_how *how, size_t size)
{
    struct call call = CALL(openat2);
    int fd = OPENAT2(quarantine_stand_in(directory), path, how, size);
    int flags = fd >= 0 ? (int)how->flags : 0;
    fd_born(&call, fd, NEWBORN(OPENED(path, flags)));
    fd_used(&call, fd, directory);
    return fd;
}

/* The template holds the final name once the call is back. */
#define TEMPORARY(path, more)                                                                          \
    .kind = FDT_FILE, .cloexec = (more) & O_CLOEXEC, .name = path,                                     \
    .flags = (uint32_t)(O_RDWR | O_CREAT | O_EXCL | (more))

BIRTH(mkstemp, "mkstemp", ((char *, path)), TEMPORARY(path, 0))
BIRTH(mkstemp64, "mkstemp", ((char *, path)), TEMPORARY(path, 0))
BIRTH(mkstemps, "mkstemps", ((char *, path), (int, suffix)), TEMPORARY(path, 0))
BIRTH(mkstemps64, "mkstemps", ((char *, path), (int, suffix)), TEMPORARY(path, 0))
BIRTH(mkostemp, "mkostemp", ((char *, path), (int, flags)), TEMPORARY(path, flags))
BIRTH(mkostemp64, "mkostemp", ((char *, path), (int, flags)), TEMPORARY(path, flags))
BIRTH(mkostemps, "mkostemps", ((char *, path), (int, suffix), (int, flags)), TEMPORARY(path, flags))
BIRTH(mkostemps64, "mkostemps", ((char *, path), (int, suffix), (int, flags)), TEMPORARY(path, flags))

/* Filesystem contexts, mounts that are attached nowhere, and detached trees. */
BIRTH(fsopen, "fsopen", ((const char *, type), (unsigned int, flags)), .kind = FDT_MOUNT, .cloexec = flags & FSOPEN_CLOEXEC)
BIRTH_FROM(fsmount, "fsmount", ((int, fd), (unsigned int, flags), (unsigned int, attributes)), .kind = FDT_MOUNT, .cloexec = flags & FSMOUNT_CLOEXEC)
BIRTH_FROM(fspick, "fspick", ((int, fd), (const char *, path), (unsigned int, flags)), .kind = FDT_MOUNT, .cloexec = flags & FSPICK_CLOEXEC, .name = path)
BIRTH_FROM(open_tree, "open_tree", ((int, fd), (const char *, path), (unsigned int, flags)), .kind = FDT_MOUNT, .cloexec = flags & OPEN_TREE_CLOEXEC, .name = path)
