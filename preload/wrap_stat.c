/*
 * Probes: calls that ask what a number is. Asking about a closed one is no misuse, and nothing is recorded; but fstat and its
 * kin answer on a tombstone (quarantine.h) as on an open number, so they are given what nobody has.
 */
#include "compat.h"
#include "shapes.h"

#define PROBE(name, public, list)                                                                      \
    HOOK(name, public);                                                                                \
    EXPORT int name(PARAMS(list))                                                                      \
    {                                                                                                  \
        fd = quarantine_stand_in(fd);                                                                  \
        return REAL(name)(ARGS(list));                                                                 \
    }

PROBE(fstat, "fstat", ((int, fd), (struct stat *, status)))
PROBE(fstat64, "fstat", ((int, fd), (struct stat64 *, status)))
PROBE(__fxstat, "fstat", ((int, version), (int, fd), (struct stat *, status)))
PROBE(__fxstat64, "fstat", ((int, version), (int, fd), (struct stat64 *, status)))
PROBE(fstatat, "fstatat", ((int, fd), (const char *, path), (struct stat *, status), (int, flags)))
PROBE(fstatat64, "fstatat", ((int, fd), (const char *, path), (struct stat64 *, status), (int, flags)))
PROBE(__fxstatat, "fstatat", ((int, version), (int, fd), (const char *, path), (struct stat *, status), (int, flags)))
PROBE(__fxstatat64, "fstatat", ((int, version), (int, fd), (const char *, path), (struct stat64 *, status), (int, flags)))
PROBE(statx, "statx", ((int, fd), (const char *, path), (int, flags), (unsigned int, mask), (struct statx *, status)))
