/*
 * Can this command be traced? Found out before it starts, because a program that ignores the library just runs, and a
 * checker that did not run must not look like one that passed.
 *
 * The library comes in through LD_PRELOAD: it takes a dynamic linker, glibc's, of this architecture, that is not in
 * secure-execution mode (ld.so(8)). A script is as traceable as its interpreter.
 */
#ifndef FDTRACE_TRACEABLE_H
#define FDTRACE_TRACEABLE_H

#include <limits.h>
#include <stdbool.h>

enum traceable_verdict {
    TRACEABLE,
    TRACEABLE_MISSING,        /* no such command, or no such interpreter */
    TRACEABLE_NO_EXECUTABLE,  /* there, but the kernel would refuse to execute it */
    TRACEABLE_NOT             /* it would run, untraced */
};

struct traceable {
    enum traceable_verdict verdict;
    char path[PATH_MAX];      /* what to execute */
    const char *brief;        /* TRACEABLE_NOT for what the file is: "it is statically linked"; else NULL */
    bool musl;                /* TRACEABLE_NOT, but by a library that was built for musl it can be */
    bool by_shell;            /* it is neither ELF nor a #! script: /bin/sh reads it, as execvp(3) does */
    char reason[2 * PATH_MAX + 256]; /* unless TRACEABLE: "it is statically linked, ..." or "its interpreter ..." */
    const char *remedy;       /* what to do about it; NULL: nothing to say */
};

/* Looks the command up as execvp(3) does and follows #! lines, /usr/bin/env included. */
void traceable_examine(struct traceable *answer, const char *command);

#endif
