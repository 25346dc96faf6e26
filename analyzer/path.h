/* Paths as strings. */
#ifndef FDTRACE_PATH_H
#define FDTRACE_PATH_H

#include <string.h>

/* What follows the last slash. NULL stays NULL. */
static inline const char *path_last(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? slash + 1 : path;
}

#endif
