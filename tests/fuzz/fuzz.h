/*
 * What the fuzz targets share. A target is one file NAME.c that defines LLVMFuzzerTestOneInput; it aborts where a promise
 * is broken, and the sanitizers abort for everything else. Two drivers run it: libFuzzer (make fuzz), and replay.c, which
 * needs no clang and is part of the tests.
 */
#ifndef FDTRACE_TESTS_FUZZ_H
#define FDTRACE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Optional, for inputs with a structure: changes data, size bytes of at most `most`, and returns the new size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
/* Optional: makes an input of two, at most `most` bytes, and returns its size. libFuzzer's driver alone calls it. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *left, size_t left_size, const uint8_t *right, size_t right_size,
                                 uint8_t *out, size_t most, unsigned seed);
/* The driver's own way to change bytes. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/* A private folder in memory that goes with the process; and the path of a file in it, in one of a few static buffers. */
const char *fuzz_folder(void);
const char *fuzz_path(const char *name);
/* (Re)places the file with these bytes and returns its path. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);
/* The bytes as a string: the copy ends at the first NUL. malloc'd. */
char *fuzz_text(const uint8_t *data, size_t size);

#define FUZZ_MUST(what)                                                                            \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #what);             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
