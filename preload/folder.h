/*
 * The session's folder, where each image of a tree of processes puts its segment.
 */
#ifndef FDTRACE_FOLDER_H
#define FDTRACE_FOLDER_H

#include "store.h"

#include <stdbool.h>

/* Is path a directory of ours that nobody else may enter? Then nobody else can have planted names in it. */
bool folder_usable(const char *path);

/* Makes it, unless it is there and usable. False: it cannot be had. */
bool folder_make(const char *path);

/*
 * Makes one for this process alone and tells its path: /dev/shm/fdtrace-UID-PID-START, else the same under TMPDIR or /tmp. The
 * name lets an exec find its predecessor's. False: it cannot be made anywhere.
 */
bool folder_make_private(char path[STORE_PATH_SIZE]);

/* FOLDER/PID.IMAGE.fdt, to path; cut at the end when it is too long. */
void folder_name_file(const char *folder, char path[STORE_PATH_SIZE], int pid, uint32_t image);

#endif
