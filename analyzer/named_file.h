/*
 * Files that a recording names: programs, libraries, sources. Whoever wrote the recording chose the path, and may be
 * somebody else than who reads it: root, say. So:
 *
 *   only plain files, and no waiting (a FIFO, a terminal, /proc/kcore);
 *   a foreign recording opens nothing that its owner could not open: the reader's own rights are put aside meanwhile;
 *   what is read is a copy of bounded size, because a mapped file that somebody cuts short is a SIGBUS.
 *
 * One thread at a time.
 */
#ifndef FDTRACE_NAMED_FILE_H
#define FDTRACE_NAMED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

/* Bytes of a file. */
struct named_file {
    char *bytes;
    size_t size;
};

/* A recording with this owner has been read. Once one was foreign, files stay foreign until the process ends. */
void named_files_of(const struct stat *recording);
/* Has somebody else's recording been read? Then what it names leads nowhere further: no debug links, no servers. */
bool named_files_foreign(void);

/* A descriptor of the plain file at path, and what it is; -1: none that may be read. */
int named_file_open(const char *path, struct stat *status);
/* Its content. False, and nothing to unload: none, empty, or too large. The bytes may be changed by the caller. */
bool named_file_load(struct named_file *file, const char *path);
void named_file_unload(struct named_file *file);

#endif
