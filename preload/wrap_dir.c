/*
 * Directory streams. A DIR owns its descriptor; opendir makes it close-on-exec, and fdopendir sets the flag on the one
 * it is given (fdopendir(3) only says that it should be set; glibc and musl do it themselves).
 */
#include "compat.h"
#include "shapes.h"

/* Bound, not wrapped: a program's own dirfd must not answer for libc's. */
HOOK(dirfd, "dirfd");

HOOK(opendir, "opendir");
EXPORT DIR *opendir(const char *path)
{
    struct call call = CALL(opendir);
    DIR *directory = REAL(opendir)(path);
    if (directory != NULL)
        fd_born(&call, REAL(dirfd)(directory),
                NEWBORN(.kind = FDT_DIR, .owner = FDT_OWNER_DIR, .cloexec = true, .flags = O_DIRECTORY | O_CLOEXEC,
                        .handle = directory, .name = path));
    else
        fd_refused(&call);
    return directory;
}

HOOK(fdopendir, "fdopendir");
EXPORT DIR *fdopendir(int fd)
{
    struct call call = CALL(fdopendir);
    uint64_t word = fd_word(fd);
    DIR *directory = REAL(fdopendir)(quarantine_stand_in(fd));
    if (directory == NULL) {
        fd_used(&call, -1, fd);
        return NULL;
    }
    fd_flagged(&call, fd, word, true);
    fd_owned(&call, fd, FDT_OWNER_DIR, directory);
    return directory;
}

/* As in wrap_stdio.c. The number is the first thing in glibc's DIR, in musl's behind an offset. */
static void leave_tombstone(DIR *directory)
{
    int *number = (int *)directory;
    if (quarantine_stand_in(REAL(dirfd)(directory)) == QUARANTINE_NOBODY && *number == REAL(dirfd)(directory))
        *number = QUARANTINE_NOBODY;
}

HOOK(closedir, "closedir");
EXPORT int closedir(DIR *directory)
{
    struct call call = CALL(closedir);
    /* closedir(NULL) answers EINVAL, though the header tells the compiler that nobody passes NULL: hide the pointer. */
    DIR *given = directory;
    __asm__("" : "+r"(given));
    bool again = given != NULL && fd_handle_ended(given);
    if (again)
        fd_ended_again(&call, given);
    struct dying dying = fd_ending(&call, given != NULL ? REAL(dirfd)(given) : -1, FDT_OWNER_DIR, given);
    if (UNLIKELY(quarantine_on) && given != NULL && !again)
        leave_tombstone(given);
    int answer = REAL(closedir)(given);
    fd_ended(&call, &dying, answer < 0 ? errno : 0);
    return answer;
}
