/* The guest's way of finding functions, by itself: what it finds is what dlsym finds, by either kind of hash table. */
#include "../preload/dynsym.c"

#include <criterion/criterion.h>
#include <dlfcn.h>

static int read_libc(struct dl_phdr_info *info, size_t size, void *symbols)
{
    (void)size;
    return strstr(info->dlpi_name, "/libc.so.6") != NULL &&
           dynsym_read(symbols, info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr);
}

/* How many there are: the last chain of GNU's table ends with the last symbol. */
static uint32_t count_symbols(const struct dynsym *in)
{
    const ElfW(Addr) *filter = (const void *)&in->gnu[4];
    const uint32_t *bucket = (const void *)&filter[in->gnu[2]], *chain = &bucket[in->gnu[0]];
    uint32_t last = 0;
    for (uint32_t i = 0; i < in->gnu[0]; i++)
        last = bucket[i] > last ? bucket[i] : last;
    while ((chain[last - in->gnu[1]] & 1) == 0)
        last++;
    return last + 1;
}

/* Every function of libc, but for those of which the loader chooses one of several. The number of those compared. */
static uint32_t compare_with_dlsym(const struct dynsym *libc, uint32_t count)
{
    void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    uint32_t compared = 0;
    for (uint32_t i = libc->gnu[1]; i < count; i++) {
        const char *name = libc->names + libc->entries[i].st_name;
        void *expected = ELF64_ST_TYPE(libc->entries[i].st_info) == STT_FUNC ? dlsym(handle, name) : NULL;
        if (expected == NULL)
            continue;
        const ElfW(Sym) *found = dynsym_find(libc, name, DYNSYM_DEFAULT);
        cr_assert(found != NULL, "%s was not found", name);
        cr_expect(ELF64_ST_TYPE(found->st_info) != STT_FUNC || (void *)(libc->bias + found->st_value) == expected,
                  "%s was found elsewhere", name);
        compared++;
    }
    dlclose(handle);
    return compared;
}

Test(dynsym, are_those_of_dlsym)
{
    struct dynsym libc;
    if (dl_iterate_phdr(read_libc, &libc) == 0 || libc.gnu == NULL)
        cr_skip_test("there is no libc.so.6 with a hash table of GNU's");
    uint32_t count = count_symbols(&libc);
    cr_expect_gt(compare_with_dlsym(&libc, count), 1500u);
    cr_expect_null(dynsym_find(&libc, "no_such_function", DYNSYM_ANY));
    cr_expect_null(dynsym_find(&libc, "", DYNSYM_ANY));
    if (libc.sysv == NULL)
        cr_skip_test("this libc has no table of the older kind");
    const uint32_t *gnu = libc.gnu;
    uint32_t old = 0;
    for (uint32_t i = gnu[1]; i < count; i++) {
        const char *name = libc.names + libc.entries[i].st_name;
        libc.gnu = gnu;
        const ElfW(Sym) *by_gnu = dynsym_find(&libc, name, DYNSYM_DEFAULT);
        libc.gnu = NULL;
        cr_expect_eq(dynsym_find(&libc, name, DYNSYM_DEFAULT), by_gnu, "%s: the tables differ", name);
        cr_expect_not_null(dynsym_find(&libc, name, DYNSYM_ANY), "%s", name);
        old += by_gnu == NULL;
    }
    cr_expect_null(dynsym_find(&libc, "no_such_function", DYNSYM_ANY));
    cr_expect_gt(old, 0u, "what is kept for old programs alone was taken for more");
}

static int read_first(struct dl_phdr_info *info, size_t size, void *symbols)
{
    (void)size;
    dynsym_read(symbols, info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr);
    cr_expect(dynsym_holds(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr, (uintptr_t)read_first));
    cr_expect(!dynsym_holds(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr, (uintptr_t)&info));
    return 1;
}

/* What an object only asks of others is not there; nor is there an object where none is. */
Test(dynsym, of_others_are_not_its_own)
{
    struct dynsym program;
    dl_iterate_phdr(read_first, &program);
    cr_expect_null(dynsym_find(&program, "dlsym", DYNSYM_ANY));
    cr_expect_not(dynsym_read(&program, NULL, 0, 0));
}
