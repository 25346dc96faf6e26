/*
 * Modules are noted when a stack first mentions them: start-up pays nothing for libraries that never touch a
 * descriptor.
 */
#include "modules.h"

#include "objects.h"
#include "store.h"

#include <elf.h>
#include <link.h>
#include <string.h>

void modules_start(void)
{
    objects_start();
}

/* The build id note, read from the loaded image; every step stays inside [start, end). */
static uint32_t read_build_id(const struct object *found, uint8_t id[20])
{
    const ElfW(Ehdr) *header = (const void *)found->start;
    if (found->end - found->start < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phoff > found->end - found->start - header->e_phnum * sizeof(ElfW(Phdr)))
        return 0;
    const ElfW(Phdr) *segments = (const void *)(found->start + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++) {
        uintptr_t at = found->bias + segments[i].p_vaddr, end = at + segments[i].p_memsz;
        if (segments[i].p_type != PT_NOTE || at < found->start || end > found->end || end < at)
            continue;
        while (end - at >= sizeof(ElfW(Nhdr))) {
            const ElfW(Nhdr) *note = (const void *)at;
            uintptr_t name = at + sizeof(*note), text = name + ((note->n_namesz + 3u) & ~3u);
            uintptr_t next = text + ((note->n_descsz + 3u) & ~3u);
            if (next > end || next <= at)
                break;
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp((void *)name, "GNU", 4) == 0) {
                uint32_t length = note->n_descsz < 20 ? note->n_descsz : 20;
                memcpy(id, (void *)text, length);
                return length;
            }
            at = next;
        }
    }
    return 0;
}

static uint32_t noted(void)
{
    uint32_t count = __atomic_load_n(&store.header->modules, __ATOMIC_ACQUIRE);
    uint32_t have = __atomic_load_n(&store.secured[FDT_PART_MODULES], __ATOMIC_ACQUIRE);
    return count < have ? count : have;
}

static bool is_noted(uintptr_t address)
{
    for (uint32_t i = 0, count = noted(); i < count; i++) {
        const struct fdt_module *module = &store.modules[i];
        if (__atomic_load_n(&module->commit, __ATOMIC_ACQUIRE) == 1 && module->died == 0 && address >= module->start &&
            address < module->end)
            return true;
    }
    return false;
}

static void note(const struct object *found)
{
    uint32_t index = store_take(FDT_PART_MODULES, &store.header->modules, 1);
    if (index == UINT32_MAX) {
        __atomic_fetch_add(&store.header->lost.modules, 1, __ATOMIC_RELAXED);
        return;
    }
    struct fdt_module *module = &store.modules[index];
    const char *path = found->path[0] != '\0' ? found->path : store.header->exe;
    module->born = store.header->epoch;
    module->start = found->start;
    module->end = found->end;
    module->bias = found->bias;
    module->build_id_length = read_build_id(found, module->build_id);
    if (strncmp(path, "linux-vdso", 10) == 0 || strncmp(path, "linux-gate", 10) == 0)
        path = "[vdso]";
    size_t length = strlen(path);
    if (length < sizeof(module->path))
        memcpy(module->path, path, length + 1);
    __atomic_store_n(&module->commit, 1, __ATOMIC_RELEASE);
}

void modules_note(const uintptr_t *addresses, unsigned count)
{
    struct object found;
    for (unsigned i = 0; i < count; i++)
        if (!is_noted(addresses[i]) && object_find(addresses[i], &found))
            note(&found); /* two threads may note the same module; the reader takes either */
}

void modules_closed(void)
{
    uint32_t epoch = __atomic_load_n(&store.header->epoch, __ATOMIC_ACQUIRE) + 1;
    bool gone = false;
    objects_changed();
    for (uint32_t i = 0, count = noted(); i < count; i++) {
        struct fdt_module *module = &store.modules[i];
        struct object found;
        if (__atomic_load_n(&module->commit, __ATOMIC_ACQUIRE) != 1 || module->died != 0)
            continue;
        if (!object_find(module->start, &found) || found.start != module->start || found.bias != module->bias) {
            module->died = epoch;
            gone = true;
        }
    }
    if (gone)
        __atomic_store_n(&store.header->epoch, epoch, __ATOMIC_RELEASE);
}
