/* Rows of preload/wrap_file.c. */
#include "row.h"

#include <linux/mount.h>
#include <sys/mount.h>

#define OPEN_ROW(name)                                                                                 \
    ROW(name)                                                                                          \
    {                                                                                                  \
        kept("open", name("/dev/null", O_RDONLY));                                                     \
        kept("open", name("/dev/null", O_RDONLY | O_CLOEXEC));                                         \
        kept("open", name("/", O_RDONLY | O_DIRECTORY));                                               \
        kept("open", name(scratch_path(#name), O_CREAT | O_EXCL | O_RDWR, 0640));                      \
        struct stat status;                                                                            \
        MUST(stat(scratch_path(#name), &status) == 0 && (status.st_mode & 0777) == 0640);              \
        MUST(unlink(scratch_path(#name)) == 0);                                                        \
        kept("open", name("/tmp", O_TMPFILE | O_RDWR, 0600));                                          \
    }

OPEN_ROW(open)
OPEN_ROW(open64)
OPEN_ROW(__open)
OPEN_ROW(__open64)

#define OPENAT_ROW(name)                                                                               \
    ROW(name)                                                                                          \
    {                                                                                                  \
        int directory = kept("open", open("/dev", O_RDONLY | O_DIRECTORY));                            \
        kept("openat", name(directory, "null", O_RDONLY));                                             \
        kept("openat", name(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC));                             \
        kept("openat", name(AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 0600));                              \
        misused("openat", name(stale(), "null", O_RDONLY));                                            \
    }

OPENAT_ROW(openat)
OPENAT_ROW(openat64)

#define FORTIFIED_ROW(name, public, ...)                                                               \
    ROW(name)                                                                                          \
    {                                                                                                  \
        kept(public, name(__VA_ARGS__, O_RDONLY));                                                     \
        kept(public, name(__VA_ARGS__, O_RDONLY | O_CLOEXEC));                                         \
    }

FORTIFIED_ROW(__open_2, "open", "/dev/null")
FORTIFIED_ROW(__open64_2, "open", "/dev/null")
FORTIFIED_ROW(__openat_2, "openat", AT_FDCWD, "/dev/null")
FORTIFIED_ROW(__openat64_2, "openat", AT_FDCWD, "/dev/null")

ROW(creat)
{
    kept("creat", creat(scratch_path("creat"), 0600));
    MUST(unlink(scratch_path("creat")) == 0);
    kept("creat", creat("/dev/null", 0600));
}

ROW(creat64)
{
    kept("creat", creat64(scratch_path("creat64"), 0600));
    MUST(unlink(scratch_path("creat64")) == 0);
}

ROW(open_by_handle_at)
{
    struct file_handle *handle = (struct file_handle *)bytes;
    handle->handle_bytes = MAX_HANDLE_SZ;
    int mount_id, mount = kept("open", open("/", O_RDONLY | O_DIRECTORY));
    if (name_to_handle_at(mount, "etc", handle, &mount_id, 0) != 0)
        return;
    kept("open_by_handle_at", open_by_handle_at(mount, handle, O_RDONLY));
    kept("open_by_handle_at", open_by_handle_at(mount, handle, O_RDONLY | O_CLOEXEC));
}

/* Weak: glibc has it since 2.43 only, and without us the row has nothing to show. */
__attribute__((weak)) extern __typeof__(openat2) openat2;
ROW(openat2)
{
    struct open_how plain = {.flags = O_RDONLY}, cloexec = {.flags = O_RDONLY | O_CLOEXEC};
    if (openat2 == NULL)
        return;
    kept("openat2", openat2(AT_FDCWD, "/dev/null", &plain, sizeof plain));
    kept("openat2", openat2(AT_FDCWD, "/dev/null", &cloexec, sizeof cloexec));
    misused("openat2", openat2(stale(), "null", &plain, sizeof plain));
}

/* Calls on a template; the names must have been made, and are removed. */
#define TEMPLATE(suffix, call)                                                                         \
    {                                                                                                  \
        char path[] = "/tmp/fdtrace-row-XXXXXX" suffix;                                                \
        kept(public, call);                                                                            \
        MUST(strstr(path, "XXXXXX") == NULL && unlink(path) == 0);                                     \
    }
#define TEMPORARY_ROW(name, text, ...)                                                                 \
    ROW(name)                                                                                          \
    {                                                                                                  \
        const char *public = text;                                                                     \
        __VA_ARGS__                                                                                    \
    }

TEMPORARY_ROW(mkstemp, "mkstemp", TEMPLATE("", mkstemp(path)))
TEMPORARY_ROW(mkstemp64, "mkstemp", TEMPLATE("", mkstemp64(path)))
TEMPORARY_ROW(mkstemps, "mkstemps", TEMPLATE(".c", mkstemps(path, 2)))
TEMPORARY_ROW(mkstemps64, "mkstemps", TEMPLATE(".c", mkstemps64(path, 2)))
TEMPORARY_ROW(mkostemp, "mkostemp", TEMPLATE("", mkostemp(path, 0)) TEMPLATE("", mkostemp(path, O_CLOEXEC)))
TEMPORARY_ROW(mkostemp64, "mkostemp", TEMPLATE("", mkostemp64(path, 0)) TEMPLATE("", mkostemp64(path, O_CLOEXEC)))
TEMPORARY_ROW(mkostemps, "mkostemps",
              TEMPLATE(".c", mkostemps(path, 2, 0)) TEMPLATE(".c", mkostemps(path, 2, O_CLOEXEC)))
TEMPORARY_ROW(mkostemps64, "mkostemps",
              TEMPLATE(".c", mkostemps64(path, 2, 0)) TEMPLATE(".c", mkostemps64(path, 2, O_CLOEXEC)))

/* These want CAP_SYS_ADMIN. */
ROW(fsopen)
{
    kept("fsopen", fsopen("tmpfs", 0));
    kept("fsopen", fsopen("tmpfs", FSOPEN_CLOEXEC));
}

ROW(fsmount)
{
    for (unsigned flags = 0; flags <= FSMOUNT_CLOEXEC; flags += FSMOUNT_CLOEXEC) {
        int context = kept("fsopen", fsopen("tmpfs", 0));
        if (context >= 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
            kept("fsmount", fsmount(context, flags, 0));
    }
}

ROW(fspick)
{
    kept("fspick", fspick(AT_FDCWD, "/proc", 0));
    kept("fspick", fspick(AT_FDCWD, "/proc", FSPICK_CLOEXEC));
}

ROW(open_tree)
{
    kept("open_tree", open_tree(AT_FDCWD, "/", 0));
    kept("open_tree", open_tree(AT_FDCWD, "/etc", OPEN_TREE_CLOEXEC));
    kept("open_tree", open_tree(AT_FDCWD, "/etc", OPEN_TREE_CLONE));
}
