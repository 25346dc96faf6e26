/*
 * Following: what the environment of the next program must hold for it to be traced, too.
 *
 * Programs scrub their children's environment or make a new one. What was there when this image began (our entry of
 * LD_PRELOAD, FDTRACE_OPTIONS, FDTRACE_RUN) is put back where it is missing, unless follow=0; other entries of LD_PRELOAD stay, in
 * their order. And a private session's folder, which nobody else knows, is handed on as FDTRACE_SESSION.
 *
 * system, popen and wordexp read the program's own environ inside libc: what has gone from there cannot be put back.
 */
#ifndef FDTRACE_FOLLOW_H
#define FDTRACE_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

/* Remembers; called once, as the image starts, when its environment is still as the loader saw it. */
void follow_start(void);

/* Would a program with this environment (NULL: none) load us? */
bool follow_loads_us(char *const envp[]);

/* Does this environment belong to another `fdtrace run` than the one that started us? */
bool follow_leaves(char *const envp[]);

/* Bytes that follow_fill needs for the environment envp should become; 0: it is fine as it is, or nothing can be done. */
size_t follow_room(char *const envp[]);
/* The same variables with ours among them, in room, aligned for pointers. The texts of envp are referred to, not copied. */
char *const *follow_fill(char *const envp[], void *room);

#endif
