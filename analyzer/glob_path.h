/* Globs of what reports show: functions, files, modules, programs. fnmatch(3), where `*` matches slashes, too. */
#ifndef FDTRACE_GLOB_PATH_H
#define FDTRACE_GLOB_PATH_H

#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The whole path, or its end after any slash: `src/conn.c` fits /home/me/app/src/conn.c. NULL fits nothing. */
static inline bool glob_path(const char *glob, const char *path)
{
    while (path != NULL) {
        if (fnmatch(glob, path, 0) == 0)
            return true;
        const char *slash = strchr(path, '/');
        path = slash != NULL ? slash + 1 : NULL;
    }
    return false;
}

#endif
