/* Rows of preload/wrap_stat.c: probes, which record nothing, on an open number and on a closed one. */
#include "row.h"

#include <sys/stat.h>

int __fxstat(int version, int fd, struct stat *status);
int __fxstat64(int version, int fd, struct stat64 *status);
int __fxstatat(int version, int fd, const char *path, struct stat *status, int flags);
int __fxstatat64(int version, int fd, const char *path, struct stat64 *status, int flags);

#define PROBE_ROW(name, type, ...)                                                                     \
    ROW(name)                                                                                          \
    {                                                                                                  \
        type status;                                                                                   \
        int fd = kept("open", open("/", O_RDONLY | O_CLOEXEC));                                        \
        MUST(name(__VA_ARGS__) == 0);                                                                  \
        fd = stale();                                                                                  \
        MUST(name(__VA_ARGS__) == -1 && errno == EBADF);                                               \
    }

PROBE_ROW(fstat, struct stat, fd, &status)
PROBE_ROW(fstat64, struct stat64, fd, &status)
#if defined(__x86_64__)
#define STAT_VERSION 1 /* glibc's _STAT_VER */
#else
#define STAT_VERSION 0
#endif
PROBE_ROW(__fxstat, struct stat, STAT_VERSION, fd, &status)
PROBE_ROW(__fxstat64, struct stat64, STAT_VERSION, fd, &status)
PROBE_ROW(fstatat, struct stat, fd, "", &status, AT_EMPTY_PATH)
PROBE_ROW(fstatat64, struct stat64, fd, "", &status, AT_EMPTY_PATH)
PROBE_ROW(__fxstatat, struct stat, STAT_VERSION, fd, "", &status, AT_EMPTY_PATH)
PROBE_ROW(__fxstatat64, struct stat64, STAT_VERSION, fd, "", &status, AT_EMPTY_PATH)
PROBE_ROW(statx, struct statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status)
