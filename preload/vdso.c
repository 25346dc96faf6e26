/* The vDSO is a small shared object that the kernel has mapped. See vdso.h. */
#include "vdso.h"

#include "hook.h"
#include "raw.h"
#include "dynsym.h"

#include <elf.h>
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

static clock_function *find_clock(void)
{
    const ElfW(Ehdr) *object = (const void *)getauxval(AT_SYSINFO_EHDR);
    const ElfW(Phdr) *segments = object != NULL ? (const void *)((const char *)object + object->e_phoff) : NULL;
    struct dynsym symbols;
    uintptr_t bias = 0;
    for (unsigned i = 0; object != NULL && i < object->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD)
            bias = (uintptr_t)object + segments[i].p_offset - segments[i].p_vaddr;
    if (object == NULL || !dynsym_read(&symbols, segments, object->e_phnum, bias))
        return ask_kernel;
    const ElfW(Sym) *clock = dynsym_find(&symbols, CLOCK_SYMBOL, DYNSYM_DEFAULT);
    return clock != NULL ? (clock_function *)(bias + clock->st_value) : ask_kernel;
}

struct timespec vdso_time(clockid_t clock)
{
    static clock_function *found TOGETHER; /* threads that find it at once store the same */
    struct timespec now = {0};
    clock_function *function = __atomic_load_n(&found, __ATOMIC_RELAXED);
    if (__builtin_expect(function == NULL, 0))
        __atomic_store_n(&found, function = find_clock(), __ATOMIC_RELAXED);
    if (function(clock, &now) != 0)
        ask_kernel(clock, &now);
    return now;
}
