/* Hearing of seccomp filters. See filter.h. */
#include "filter.h"

#include "hook.h"
#include "process.h"
#include "raw.h"
#include "store.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define PAGE 4096u
#define WORD_RELOCATION(type) ((type) == 1 || (type) == 6 || (type) == 7 || ((type) >= 1025 && (type) <= 1026) || (type) == 257)

static int (*libc_prctl)(int, unsigned long, unsigned long, unsigned long, unsigned long);

/* What the program calls for prctl. The record is made ready before a filter falls. */
static int watched_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    bool announced = option == PR_SET_SECCOMP && process_filters();
    int answer = libc_prctl(option, a, b, c, d);
    if (announced && answer != 0)
        process_filter_refused();
    return answer;
}

/* What of an object's dynamic section and program headers is needed here. */
struct imports {
    const char       *strings;
    const ElfW(Sym)  *symbols;
    const ElfW(Rela) *tables[2];
    size_t            sizes[2];
    size_t            relative;   /* leading entries of tables[1] that name no symbol */
    uintptr_t         guarded, guarded_end; /* read-only after relocation */
};

/* The dynamic section's pointers are absolute after relocation in glibc, relative in the vDSO. */
static const void *absolute(const struct dl_phdr_info *info, uintptr_t address)
{
    return (const void *)(address < info->dlpi_addr ? address + info->dlpi_addr : address);
}

static bool read_imports(const struct dl_phdr_info *info, struct imports *imports)
{
    const ElfW(Dyn) *entry = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_DYNAMIC)
            entry = (const void *)start;
        if (segment->p_type == PT_GNU_RELRO) {
            imports->guarded = start & ~(uintptr_t)(PAGE - 1);
            imports->guarded_end = start + segment->p_memsz;
        }
    }
    for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_STRTAB:    imports->strings = absolute(info, entry->d_un.d_ptr); break;
        case DT_SYMTAB:    imports->symbols = absolute(info, entry->d_un.d_ptr); break;
        case DT_JMPREL:    imports->tables[0] = absolute(info, entry->d_un.d_ptr); break;
        case DT_PLTRELSZ:  imports->sizes[0] = entry->d_un.d_val / sizeof(ElfW(Rela)); break;
        case DT_RELA:      imports->tables[1] = absolute(info, entry->d_un.d_ptr); break;
        case DT_RELASZ:    imports->sizes[1] = entry->d_un.d_val / sizeof(ElfW(Rela)); break;
        case DT_RELACOUNT: imports->relative = entry->d_un.d_val; break;
        }
    }
    return imports->strings != NULL && imports->symbols != NULL;
}

static void replace(const struct imports *imports, uintptr_t place)
{
    bool guarded = place >= imports->guarded && place < imports->guarded_end;
    uintptr_t page = place & ~(uintptr_t)(PAGE - 1);
    if (guarded && raw(mprotect, page, PAGE, PROT_READ | PROT_WRITE) != 0)
        return;
    __atomic_store_n((uintptr_t *)place, (uintptr_t)watched_prctl, __ATOMIC_RELEASE);
    if (guarded)
        raw(mprotect, page, PAGE, PROT_READ);
}

static int watch_object(struct dl_phdr_info *info, size_t size, void *unused)
{
    struct imports imports = {0};
    (void)size, (void)unused;
    if (!read_imports(info, &imports))
        return 0;
    for (int table = 0; table < 2; table++) {
        for (size_t i = table == 1 ? imports.relative : 0; imports.tables[table] != NULL && i < imports.sizes[table]; i++) {
            const ElfW(Rela) *entry = &imports.tables[table][i];
            const ElfW(Sym) *symbol = &imports.symbols[ELF64_R_SYM(entry->r_info)];
            if (symbol->st_shndx == SHN_UNDEF && WORD_RELOCATION(ELF64_R_TYPE(entry->r_info)) &&
                strcmp(imports.strings + symbol->st_name, "prctl") == 0)
                replace(&imports, info->dlpi_addr + entry->r_offset);
        }
    }
    return 0;
}

void filter_watch(void)
{
    void *function = bind_find("prctl");
    if (function == NULL)
        return;
    memcpy(&libc_prctl, &function, sizeof(function));
    dl_iterate_phdr(watch_object, NULL);
}

bool filter_known(void)
{
    return store.header != NULL && (store.header->flags & FDT_HEADER_FILTERED) != 0;
}
