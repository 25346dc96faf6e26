/*
 * Files that reports are written to. In a folder where others can write, /tmp first of all, somebody may have been there
 * before: with a link to a file of ours, with a file of theirs that shows them what we write, with a FIFO. So what stands
 * there already is used only if it is ours, root's, or belongs to whom the folder belongs; a link is followed only then.
 */
#ifndef FDTRACE_OUTPUT_FILE_H
#define FDTRACE_OUTPUT_FILE_H

#include <stdio.h>

/* mode: "we" or "ae", as fopen(3) has it. NULL: errno says why; EPERM: somebody else's file or link stands there. */
FILE *output_file_open(const char *path, const char *mode);
/* A new file beside path, called PATH.XXXXXX, to be renamed; name takes its path. NULL: errno says why. */
FILE *output_file_beside(const char *path, char *name, size_t size);

#endif
