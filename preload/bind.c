/*
 * Binding: libc's own functions, each looked up when it is first called, as the dynamic linker's lazy binding does it: a
 * program calls a dozen of the three hundred. The first call may come at any moment, from a signal handler or in a fork's child
 * whose parent was inside dlopen, where dlsym, which takes the loader's lock, must not be called. So we look them up ourselves,
 * in the objects after ours in the order of search (RTLD_NEXT), which all were there when the program started and stay as long
 * as it runs.
 */
#include "hook.h"

#include "loader.h"
#include "dynsym.h"

#include <elf.h>

#define MOST_PROVIDERS 512u /* what only a later object has is asked of dlsym */

static struct dynsym providers[MOST_PROVIDERS];
static uint32_t provider_count TOGETHER; /* atomic; not 0 when all are listed */

struct listing {
    uint32_t count;
    bool     past_ours;
};

static int list_provider(struct dl_phdr_info *info, size_t size, void *data)
{
    struct listing *listing = data;
    (void)size;
    if (!listing->past_ours)
        listing->past_ours = dynsym_holds(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr, (uintptr_t)providers);
    else if (dynsym_read(&providers[listing->count], info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr))
        listing->count++;
    return listing->count == MOST_PROVIDERS;
}

void bind_start(void)
{
    struct listing listing = {0, false};
    if (__atomic_load_n(&provider_count, __ATOMIC_ACQUIRE) != 0)
        return;
    /* Two early threads may both do this; they list the same objects. */
    dl_iterate_phdr(list_provider, &listing);
    __atomic_store_n(&provider_count, listing.count, __ATOMIC_RELEASE);
}

/* The first one in the order of search. False: none has it. */
static bool look_up(const char *name, enum dynsym_version version, void **address)
{
    for (uint32_t i = 0, count = __atomic_load_n(&provider_count, __ATOMIC_ACQUIRE); i < count; i++) {
        const ElfW(Sym) *symbol = dynsym_find(&providers[i], name, version);
        if (symbol == NULL)
            continue;
        /* A choice among several functions is the loader's to make. */
        *address = ELF64_ST_TYPE(symbol->st_info) != STT_GNU_IFUNC ? (void *)(providers[i].bias + symbol->st_value)
                                                                   : loader_find(RTLD_NEXT, name);
        return true;
    }
    return false;
}

void *bind_find(const char *name)
{
    void *address = NULL;
    bind_start();
    return look_up(name, DYNSYM_DEFAULT, &address) ? address : NULL;
}

static long missing(void)
{
    errno = ENOSYS;
    return -1;
}

/*
 * Some libc keeps a function only for programs that were linked with an older one (__send on aarch64): such a program may call
 * our wrapper of it, and wants that function behind it. What no object of the start has is asked of dlsym last, because it
 * allocates when it finds nothing, and the caller may be the program's malloc.
 */
void bind_one(void **real, const char *name)
{
    void *function = bind_find(name);
    if (function == NULL && !look_up(name, DYNSYM_ANY, &function))
        function = loader_find(RTLD_NEXT, name);
    __atomic_store_n(real, function != NULL ? function : (void *)missing, __ATOMIC_RELEASE);
}
