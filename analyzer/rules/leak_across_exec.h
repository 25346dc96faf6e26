/* What leak-across-exec and missing-cloexec agree on: a site whose descriptors crossed is told once, as the former. */
#ifndef FDTRACE_RULES_LEAK_ACROSS_EXEC_H
#define FDTRACE_RULES_LEAK_ACROSS_EXEC_H

#include "hash.h"
#include "model.h"

/* The note (findings_note) that descriptors born by this program at the site with that key were told. */
static inline uint64_t leaked_across_exec(const struct image *image, uint64_t birth_key)
{
    return hash_number(hash_text(hash_text(HASH_BEGIN, "leak-across-exec"), image->exe), birth_key);
}

#endif
