/* Finding loaded objects, with and without the loader's help. See objects.h. */
#include "objects.h"

#include "hook.h"

#include <link.h>
#include <stddef.h>
#include <string.h>

#define MOST_OBJECTS 512u /* what lies beyond is in no object, as far as we know: stacks go on by frame pointers there */
#define PAGE ((uintptr_t)4096)

/* glibc's struct dl_find_object; declared here because the oldest libc we build on does not have it. */
struct find_object {
    unsigned long long flags;
    void              *map_start, *map_end;
    struct link_map   *link_map;
    void              *eh_frame;
    unsigned long long reserved[8];
};
static int (*find_object)(void *, struct find_object *);

/* What dl_iterate_phdr told, when it had loaded and unloaded so many objects. */
struct list {
    unsigned long long adds, subs;
    uint32_t count;
    bool first;                 /* nothing was told yet */
    struct object objects[MOST_OBJECTS];
};
/* Readers look at sequence before and after, which is odd while the list is being changed. */
static uint32_t sequence, busy;
static struct list list, next;

static void put_object(const struct dl_phdr_info *info, uintptr_t start, uintptr_t end, const void *unwind)
{
    if (next.count < MOST_OBJECTS)
        next.objects[next.count++] = (struct object){start, end, info->dlpi_addr, next.first ? "" : info->dlpi_name, unwind};
}

static int collect(struct dl_phdr_info *info, size_t size, void *unused)
{
    uintptr_t start = 0, end = 0;
    const void *unwind = NULL;
    bool counts = size >= offsetof(struct dl_phdr_info, dlpi_subs) + sizeof(info->dlpi_subs);
    (void)unused;
    if (next.first && counts && list.count != 0 && list.adds == info->dlpi_adds && list.subs == info->dlpi_subs)
        return 1; /* nothing has changed */
    if (counts) {
        next.adds = info->dlpi_adds;
        next.subs = info->dlpi_subs;
    }
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
            unwind = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        uintptr_t low = (info->dlpi_addr + segment->p_vaddr) & -PAGE;
        if (end != 0 && low > end) {
            put_object(info, start, end, unwind);
            end = 0;
        }
        start = end == 0 ? low : start;
        end = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz + PAGE - 1) & -PAGE;
    }
    if (end != 0)
        put_object(info, start, end, unwind);
    next.first = false;
    return 0;
}

/* One thread at a time; whoever comes meanwhile does without. */
void objects_changed(void)
{
    uint32_t idle = 0;
    if (find_object != NULL || !__atomic_compare_exchange_n(&busy, &idle, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    next.count = 0;
    next.first = true;
    if (dl_iterate_phdr(collect, NULL) == 0) {
        __atomic_store_n(&sequence, sequence + 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_RELEASE);
        list.adds = next.adds;
        list.subs = next.subs;
        list.count = next.count;
        memcpy(list.objects, next.objects, next.count * sizeof(next.objects[0]));
        __atomic_store_n(&sequence, sequence + 1, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

void objects_forked(void)
{
    busy = 0;
    sequence &= ~1u;
    list.count = find_object != NULL ? list.count : 0; /* perhaps half changed: made anew when it is asked */
}

static bool find_in_list(uintptr_t address, struct object *found)
{
    uint32_t before = __atomic_load_n(&sequence, __ATOMIC_ACQUIRE);
    bool is_there = false;
    for (uint32_t i = 0; i < list.count && !is_there; i++) {
        *found = list.objects[i];
        is_there = address >= found->start && address < found->end;
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return is_there && (before & 1) == 0 && __atomic_load_n(&sequence, __ATOMIC_RELAXED) == before;
}

bool object_find(uintptr_t address, struct object *found)
{
    struct find_object object;
    if (find_object == NULL) {
        if (find_in_list(address, found))
            return true;
        objects_changed();
        return find_in_list(address, found);
    }
    if (find_object((void *)address, &object) != 0)
        return false;
    *found = (struct object){(uintptr_t)object.map_start, (uintptr_t)object.map_end, object.link_map->l_addr,
                             object.link_map->l_name, object.eh_frame};
    return true;
}

bool object_has_code(uintptr_t address)
{
    struct object found;
    if (!object_find(address, &found))
        return false;
    const ElfW(Ehdr) *header = (const void *)found.start;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return true; /* segments without a gap; the first of the object are elsewhere */
    const ElfW(Phdr) *segments = (const void *)(found.start + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        uintptr_t start = found.bias + segments[i].p_vaddr;
        if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X) && address >= start &&
            address - start < segments[i].p_memsz)
            return true;
    }
    return false;
}

void objects_start(void)
{
    void *function = bind_find("_dl_find_object");
    memcpy(&find_object, &function, sizeof(function));
    objects_changed();
}
