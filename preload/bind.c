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

static void *look_up(const char *name)
{
    for (uint32_t i = 0, count = __atomic_load_n(&provider_count, __ATOMIC_ACQUIRE); i < count; i++) {
        const ElfW(Sym) *symbol = dynsym_find(&providers[i], name);
        if (symbol == NULL)
            continue;
        if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
            break; /* a choice among several, which the loader knows how to make */
        return (void *)(providers[i].bias + symbol->st_value);
    }
    return NULL;
}

static long missing(void)
{
    errno = ENOSYS;
    return -1;
}

void bind_one(void **real, const char *name)
{
    bind_start();
    void *function = look_up(name);
    if (function == NULL)
        function = loader_find(RTLD_NEXT, name);
    __atomic_store_n(real, function != NULL ? function : (void *)missing, __ATOMIC_RELEASE);
}
