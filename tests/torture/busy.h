/*
 * The slate: what a busy program announces about its descriptors, in a file that survives it.
 *
 * A number is announced (its entry set to 1) after the call that opened it has returned, and withdrawn before the call that
 * closes it begins. So at any moment, and also at the moment of a SIGKILL, every announced number is a committed lifetime.
 */
#ifndef FDTRACE_BUSY_H
#define FDTRACE_BUSY_H

#include <stdint.h>

#define SLATE_NUMBERS 1024

struct slate {
    uint64_t operations;                 /* how far the program has got, all threads together */
    unsigned char announced[SLATE_NUMBERS];
};

#endif
