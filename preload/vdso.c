/*
 * Finding the function: the vDSO is a small shared object that the kernel has mapped. Its dynamic section tells of
 * symbols and names; DT_HASH tells how many there are. See vdso.h.
 */
#include "vdso.h"

#include "raw.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#if defined(__x86_64__)
#define CLOCK_SYMBOL "__vdso_clock_gettime"
#else
#define CLOCK_SYMBOL "__kernel_clock_gettime"
#endif

typedef int clock_function(clockid_t clock, struct timespec *now);

static int ask_kernel(clockid_t clock, struct timespec *now)
{
    return (int)raw(clock_gettime, clock, now);
}

/* Where the object's dynamic section is, and (*base) what its addresses are relative to. */
static const Elf64_Dyn *find_dynamic(const Elf64_Ehdr *object, uintptr_t *base)
{
    const Elf64_Phdr *segment = (const void *)((const char *)object + object->e_phoff);
    const Elf64_Dyn *dynamic = NULL;
    for (unsigned i = 0; i < object->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD)
            *base = (uintptr_t)object + segment[i].p_offset - segment[i].p_vaddr;
        if (segment[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)((const char *)object + segment[i].p_offset);
    }
    return dynamic;
}

static clock_function *find_clock(void)
{
    const Elf64_Ehdr *object = (const void *)getauxval(AT_SYSINFO_EHDR);
    const Elf64_Sym *symbols = NULL;
    const uint32_t *hash = NULL;
    const char *names = NULL;
    uintptr_t base = 0;
    const Elf64_Dyn *entry = object != NULL ? find_dynamic(object, &base) : NULL;
    for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        const void *there = (const void *)(base + entry->d_un.d_ptr);
        switch (entry->d_tag) {
        case DT_SYMTAB: symbols = there; break;
        case DT_STRTAB: names = there; break;
        case DT_HASH:   hash = there; break;
        }
    }
    if (symbols == NULL || names == NULL || hash == NULL)
        return ask_kernel;
    for (uint32_t i = 0; i < hash[1]; i++) /* buckets, then chains: one for each symbol */
        if (symbols[i].st_shndx != SHN_UNDEF && strcmp(names + symbols[i].st_name, CLOCK_SYMBOL) == 0)
            return (clock_function *)(base + symbols[i].st_value);
    return ask_kernel;
}

struct timespec vdso_time(clockid_t clock)
{
    static clock_function *found; /* threads that find it at once store the same */
    struct timespec now = {0};
    clock_function *function = __atomic_load_n(&found, __ATOMIC_RELAXED);
    if (__builtin_expect(function == NULL, 0))
        __atomic_store_n(&found, function = find_clock(), __ATOMIC_RELAXED);
    if (function(clock, &now) != 0)
        ask_kernel(clock, &now);
    return now;
}
