/* Hash tables of names, GNU's and the older one of the System V ABI. See dynsym.h. */
#include "dynsym.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

#define VERSION_HIDDEN 0x8000u
#define WORD_BITS      (8 * sizeof(ElfW(Addr)))

bool dynsym_holds(const ElfW(Phdr) *segments, unsigned count, uintptr_t bias, uintptr_t address)
{
    for (unsigned i = 0; i < count; i++)
        if (segments[i].p_type == PT_LOAD && address - bias - segments[i].p_vaddr < segments[i].p_memsz)
            return true;
    return false;
}

bool dynsym_read(struct dynsym *symbols, const ElfW(Phdr) *segments, unsigned count, uintptr_t bias)
{
    const ElfW(Dyn) *entry = NULL;
    *symbols = (struct dynsym){.bias = bias};
    for (unsigned i = 0; i < count; i++)
        if (segments[i].p_type == PT_DYNAMIC)
            entry = (const void *)(bias + segments[i].p_vaddr);
    for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        /* glibc makes addresses of what the file says; musl, and the kernel for the vDSO, leave it. */
        uintptr_t value = entry->d_un.d_ptr;
        const void *there = (const void *)(dynsym_holds(segments, count, bias, value) ? value : bias + value);
        switch (entry->d_tag) {
        case DT_SYMTAB:   symbols->entries = there; break;
        case DT_STRTAB:   symbols->names = there; break;
        case DT_VERSYM:   symbols->versions = there; break;
        case DT_GNU_HASH: symbols->gnu = there; break;
        case DT_HASH:     symbols->sysv = there; break;
        default:          break;
        }
    }
    return symbols->entries != NULL && symbols->names != NULL && (symbols->gnu != NULL || symbols->sysv != NULL);
}

static bool is_meant(const struct dynsym *in, uint32_t index, const char *name, enum dynsym_version version)
{
    return in->entries[index].st_shndx != SHN_UNDEF && strcmp(in->names + in->entries[index].st_name, name) == 0 &&
           (version == DYNSYM_ANY || in->versions == NULL || (in->versions[index] & VERSION_HIDDEN) == 0);
}

/* A Bloom filter of words, buckets, and chains of hashes of which the last has its lowest bit set. 0: no such symbol. */
static uint32_t find_gnu(const struct dynsym *in, const char *name, enum dynsym_version version)
{
    uint32_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 33 + (unsigned char)*c;
    uint32_t buckets = in->gnu[0], first = in->gnu[1], words = in->gnu[2], shift = in->gnu[3];
    const ElfW(Addr) *filter = (const void *)&in->gnu[4];
    const uint32_t *bucket = (const void *)&filter[words], *chain = &bucket[buckets];
    ElfW(Addr) word = filter[hash / WORD_BITS & (words - 1)];
    if ((word >> hash % WORD_BITS & word >> (hash >> shift) % WORD_BITS & 1) == 0)
        return 0;
    uint32_t index = bucket[hash % buckets];
    if (index < first)
        return 0;
    do {
        if ((chain[index - first] | 1) == (hash | 1) && is_meant(in, index, name, version))
            return index;
    } while ((chain[index++ - first] & 1) == 0);
    return 0;
}

/* Buckets, and chains that end with 0. 0: no such symbol. */
static uint32_t find_sysv(const struct dynsym *in, const char *name, enum dynsym_version version)
{
    uint32_t hash = 0;
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash << 4) + (unsigned char)*c;
        hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
    }
    const uint32_t *bucket = &in->sysv[2], *chain = &bucket[in->sysv[0]];
    uint32_t index = bucket[hash % in->sysv[0]];
    while (index != 0 && !is_meant(in, index, name, version))
        index = chain[index];
    return index;
}

const ElfW(Sym) *dynsym_find(const struct dynsym *symbols, const char *name, enum dynsym_version version)
{
    uint32_t index = symbols->gnu != NULL ? find_gnu(symbols, name, version) : find_sysv(symbols, name, version);
    return index != 0 ? &symbols->entries[index] : NULL;
}
