/* Looking up symbols in the hash tables of ELF objects (DT_GNU_HASH, and the versions of glibc). See symbols.h. */
#include "symbols.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#define HIDDEN 0x8000 /* in DT_VERSYM: a version that nothing new is linked to */

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* What of an object's dynamic section is needed here, and of its hash table. */
struct tables {
    uintptr_t         bias;
    const char       *strings;
    const ElfW(Sym)  *symbols;
    const uint16_t   *versions;
    const uint32_t   *header;   /* buckets, first symbol, words of the filter, its shift */
    const uint64_t   *filter;
    const uint32_t   *buckets, *chain;
};

struct search {
    struct symbol *symbols;
    unsigned       count;
    bool           begun;
};

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash;
}

/* The dynamic section's pointers are absolute after relocation in glibc, relative in musl and the vDSO. */
static const void *absolute(uintptr_t bias, uintptr_t address)
{
    return (const void *)(address < bias ? address + bias : address);
}

static bool read_tables(const struct dl_phdr_info *info, struct tables *tables)
{
    const ElfW(Dyn) *entry = NULL;
    *tables = (struct tables){.bias = info->dlpi_addr};
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_STRTAB:   tables->strings = absolute(tables->bias, entry->d_un.d_ptr); break;
        case DT_SYMTAB:   tables->symbols = absolute(tables->bias, entry->d_un.d_ptr); break;
        case DT_VERSYM:   tables->versions = absolute(tables->bias, entry->d_un.d_ptr); break;
        case DT_GNU_HASH: tables->header = absolute(tables->bias, entry->d_un.d_ptr); break;
        }
    }
    if (tables->strings == NULL || tables->symbols == NULL || tables->header == NULL)
        return false;
    tables->filter = (const void *)(tables->header + 4);
    tables->buckets = (const void *)(tables->filter + tables->header[2]);
    tables->chain = tables->buckets + tables->header[0];
    return true;
}

static void take(const struct tables *tables, uint32_t index, struct symbol *symbol)
{
    const ElfW(Sym) *entry = &tables->symbols[index];
    unsigned type = ELF64_ST_TYPE(entry->st_info);
    if (entry->st_shndx == SHN_UNDEF || strcmp(tables->strings + entry->st_name, symbol->name) != 0)
        return;
    symbol->there = tables->versions == NULL || !(tables->versions[index] & HIDDEN);
    if (symbol->there || type == STT_FUNC) /* of STT_GNU_IFUNC the loader has to choose one */
        symbol->address = type == STT_FUNC ? (void *)(tables->bias + entry->st_value) : NULL;
}

static void look_up(const struct tables *tables, struct symbol *symbol)
{
    uint32_t hash = symbol->hash, first = tables->header[1];
    uint64_t word = tables->filter[hash / 64 % tables->header[2]];
    uint32_t index = tables->header[0] != 0 ? tables->buckets[hash % tables->header[0]] : 0;
    if (!(word >> hash % 64 & word >> (hash >> tables->header[3]) % 64 & 1) || index < first)
        return;
    do
        if ((tables->chain[index - first] | 1) == (hash | 1))
            take(tables, index, symbol);
    while (!symbol->there && !(tables->chain[index++ - first] & 1)); /* the last one of a bucket is odd */
}

static int look_into(struct dl_phdr_info *info, size_t size, void *data)
{
    struct search *search = data;
    struct tables tables;
    (void)size;
    if (!search->begun) {
        search->begun = info->dlpi_addr == (uintptr_t)__ehdr_start;
        return 0;
    }
    bool readable = read_tables(info, &tables);
    for (unsigned i = 0; i < search->count; i++) {
        if (search->symbols[i].there)
            continue;
        if (readable)
            look_up(&tables, &search->symbols[i]);
        else
            search->symbols[i].there = true; /* without such a table dlsym has to tell */
    }
    return 0;
}

void symbols_find(struct symbol *symbols, unsigned count, bool after_us)
{
    for (unsigned i = 0; i < count; i++)
        symbols[i].hash = hash_of(symbols[i].name);
    dl_iterate_phdr(look_into, &(struct search){.symbols = symbols, .count = count, .begun = !after_us});
}
