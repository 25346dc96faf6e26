/*
 * What the programs of this folder share: each does something to its descriptors, tells on standard output what
 * `fdtrace ls` must say about them, one "FD STATE KIND" a line, then "ready", and stays as it is until its input ends.
 */
#ifndef TESTS_LS_TOLD_H
#define TESTS_LS_TOLD_H

#include "unseen.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void tell(long fd, const char *state, const char *kind)
{
    if (fd < 0) {
        perror(kind);
        exit(1);
    }
    printf("%ld %s %s\n", fd, state, kind);
}

static inline void wait_for_the_end(void)
{
    char byte;
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
}

#endif
