/* Rows of preload/wrap_dir.c. */
#include "row.h"

ROW(opendir)
{
    kept("opendir", dirfd(opendir("/")));
    MUST(opendir("/nowhere/at/all") == NULL && errno == ENOENT);
}

ROW(fdopendir)
{
    MUST(fdopendir(kept("open", open("/", O_RDONLY | O_DIRECTORY))) != NULL);
    misused("fdopendir", fdopendir(stale()) == NULL ? -1 : 0);
}

ROW(closedir)
{
    MUST(closedir(opendir("/")) == 0);
    MUST(closedir(fdopendir(open("/", O_RDONLY | O_DIRECTORY))) == 0);
    DIR *volatile none = NULL;
    MUST(closedir(none) == -1 && errno == EINVAL);
    DIR *gone = opendir("/");
    close(dirfd(gone));
    MUST(closedir(gone) == -1 && errno == EBADF);
    puts("close-mismatch: close of descriptor\n!double-close");
}
