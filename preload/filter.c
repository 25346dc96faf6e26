/* Could a seccomp filter be in force? See filter.h. */
#include "filter.h"

#include "store.h"

#include <link.h>
#include <string.h>

/* The dynamic section's pointers are absolute after relocation in glibc, relative on other loaders and in the vDSO. */
static uintptr_t absolute(const struct dl_phdr_info *info, uintptr_t address)
{
    return address < info->dlpi_addr ? address + info->dlpi_addr : address;
}

static const ElfW(Dyn) *dynamic_section(const struct dl_phdr_info *info)
{
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            return (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return NULL;
}

/* An undefined symbol called prctl among those the object's relocations name. */
static bool names_prctl(const ElfW(Rela) *relocations, size_t size, const ElfW(Sym) *symbols, const char *strings)
{
    for (size_t i = 0; i < size / sizeof(*relocations); i++) {
        const ElfW(Sym) *symbol = &symbols[ELF64_R_SYM(relocations[i].r_info)];
        if (symbol->st_shndx == SHN_UNDEF && strcmp(strings + symbol->st_name, "prctl") == 0)
            return true;
    }
    return false;
}

static int imports_prctl(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    const char *strings = NULL;
    const ElfW(Sym) *symbols = NULL;
    const ElfW(Rela) *plt = NULL, *data = NULL;
    size_t plt_size = 0, data_size = 0;
    const ElfW(Dyn) *entry = dynamic_section(info);
    for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_STRTAB:   strings = (const void *)absolute(info, entry->d_un.d_ptr); break;
        case DT_SYMTAB:   symbols = (const void *)absolute(info, entry->d_un.d_ptr); break;
        case DT_JMPREL:   plt = (const void *)absolute(info, entry->d_un.d_ptr); break;
        case DT_PLTRELSZ: plt_size = entry->d_un.d_val; break;
        case DT_RELA:     data = (const void *)absolute(info, entry->d_un.d_ptr); break;
        case DT_RELASZ:   data_size = entry->d_un.d_val; break;
        }
    }
    if (strings == NULL || symbols == NULL)
        return 0;
    return names_prctl(plt, plt != NULL ? plt_size : 0, symbols, strings) ||
           names_prctl(data, data != NULL ? data_size : 0, symbols, strings);
}

bool filter_known(void)
{
    return (store.header->flags & FDT_HEADER_FILTERED) != 0;
}

bool filter_possible(void)
{
    return filter_known() || dl_iterate_phdr(imports_prctl, NULL) != 0;
}
