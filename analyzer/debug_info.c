/*
 * Reading DWARF through libdw. See debug_info.h.
 *
 * libdw finds the unit of an address by .debug_aranges, which clang does not write, and the function by walking the
 * unit each time. So two indexes are kept here instead: of the units of the module, made once, and of the functions
 * of a unit, made when the unit is first asked.
 *
 * A file may lie about its own tree. Walks go through it in the order of the bytes and never back (see advance), so
 * they end, and they take time in proportion to the size of the file.
 */
#include "debug_info.h"

#include "array.h"
#include "span.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_MAX = 64, DEPTH_MAX = 128 };

struct unit {
    Dwarf_Die lines;      /* has the line table */
    Dwarf_Die tree;       /* has the functions; another one than lines when they are in a .dwo file */
    bool alone;           /* so tree is lines */
    bool indexed;
    struct spans spans;   /* of functions */
    Dwarf_Die *functions;
    size_t function_count;
};

struct debug_info {
    bool alone;           /* no other file may be read */
    Dwarf_Addr bias;      /* address in the module = address in the debug information + bias */
    struct unit *units;
    size_t unit_count;
    struct spans spans;   /* of units */
};

/* Adds all addresses of a DIE. */
static bool add_ranges(struct spans *spans, Dwarf_Die *die, size_t index)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t next = 0;
    while ((next = dwarf_ranges(die, next, &base, &low, &high)) > 0)
        if (!spans_add(spans, (struct span){.low = low, .high = high, .index = index}))
            return false;
    return true;
}

/* With -gsplit-dwarf the program has only a skeleton of the unit. */
static Dwarf_Die tree_of(Dwarf_Die *unit)
{
    Dwarf_Die tree;
    uint8_t type;
    if (dwarf_cu_info(unit->cu, NULL, &type, NULL, &tree, NULL, NULL, NULL) == 0 && type == DW_UT_skeleton &&
        tree.addr != NULL)
        return tree;
    return *unit;
}

static bool add_unit(struct debug_info *info, Dwarf_Die *die)
{
    if (!array_grow(&info->units, info->unit_count, sizeof(info->units[0])))
        return false;
    info->units[info->unit_count] = (struct unit){.lines = *die, .alone = info->alone};
    return add_ranges(&info->spans, die, info->unit_count++);
}

/* libdw would open the file named there when a name stands in it, however it is called and whatever it is. */
static bool has_supplement(Dwfl_Module *module)
{
    size_t names;
    GElf_Addr bias;
    GElf_Shdr header;
    Elf *elf = dwfl_module_getelf(module, &bias);
    if (elf == NULL || elf_getshdrstrndx(elf, &names) < 0)
        return false;
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section != NULL; section = elf_nextscn(elf, section)) {
        const char *name = gelf_getshdr(section, &header) != NULL ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name != NULL && (strcmp(name, ".gnu_debugaltlink") == 0 || strcmp(name, ".debug_sup") == 0))
            return true;
    }
    return false;
}

struct debug_info *debug_info_new(Dwfl_Module *module, bool alone)
{
    Dwarf_Addr bias;
    if (alone && has_supplement(module))
        return NULL;
    if (dwfl_module_getdwarf(module, &bias) == NULL)
        return NULL;
    struct debug_info *info = calloc(1, sizeof(*info));
    if (info == NULL)
        return NULL;
    info->bias = bias;
    info->alone = alone;
    Dwarf_Die *unit = NULL;
    while ((unit = dwfl_module_nextcu(module, unit, &bias)) != NULL)
        if (!add_unit(info, unit)) {
            debug_info_free(info);
            return NULL;
        }
    spans_sort(&info->spans);
    return info;
}

void debug_info_free(struct debug_info *info)
{
    if (info == NULL)
        return;
    for (size_t i = 0; i < info->unit_count; i++) {
        spans_free(&info->units[i].spans);
        free(info->units[i].functions);
    }
    free(info->units);
    spans_free(&info->spans);
    free(info);
}

/* Makes *to the first child or the next sibling of from, unless that lies at or before *reached. */
static bool advance(int (*step)(Dwarf_Die *, Dwarf_Die *), Dwarf_Die *from, Dwarf_Die *to, const void **reached)
{
    Dwarf_Die next;
    if (step(from, &next) != 0 || (const char *)next.addr <= (const char *)*reached)
        return false;
    *reached = next.addr;
    *to = next;
    return true;
}

static bool may_hold_functions(int tag)
{
    switch (tag) {
    case DW_TAG_subprogram: /* functions inside functions */
    case DW_TAG_lexical_block:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type: /* Rust */
        return true;
    default:
        return false;
    }
}

static bool add_function(struct unit *unit, Dwarf_Die *die)
{
    size_t before = unit->spans.count;
    if (!add_ranges(&unit->spans, die, unit->function_count))
        return false;
    if (unit->spans.count == before)
        return true; /* a declaration, or inlined everywhere */
    if (!array_grow(&unit->functions, unit->function_count, sizeof(unit->functions[0])))
        return false;
    unit->functions[unit->function_count++] = *die;
    return true;
}

static bool add_functions(struct unit *unit, Dwarf_Die *parent, unsigned depth, const void **reached)
{
    Dwarf_Die die;
    bool more = depth < DEPTH_MAX && advance(dwarf_child, parent, &die, reached);
    for (; more; more = advance(dwarf_siblingof, &die, &die, reached)) {
        int tag = dwarf_tag(&die);
        if (tag == DW_TAG_subprogram && !add_function(unit, &die))
            return false;
        if (may_hold_functions(tag) && !add_functions(unit, &die, depth + 1, reached))
            return false;
    }
    return true;
}

static void index_functions(struct unit *unit)
{
    unit->indexed = true;
    unit->tree = unit->alone ? unit->lines : tree_of(&unit->lines);
    const void *reached = unit->tree.addr;
    if (!add_functions(unit, &unit->tree, 0, &reached))
        unit->spans.count = 0; /* without memory, rather no function than the wrong one */
    spans_sort(&unit->spans);
}

/* The child of parent around the address: a block or an inlined call. */
static bool inner(Dwarf_Die *parent, Dwarf_Addr address, Dwarf_Die *child)
{
    const void *reached = parent->addr;
    Dwarf_Die die;
    bool more = advance(dwarf_child, parent, &die, &reached);
    for (; more; more = advance(dwarf_siblingof, &die, &die, &reached)) {
        int tag = dwarf_tag(&die);
        bool block = tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
                     tag == DW_TAG_catch_block;
        if (block && dwarf_haspc(&die, address) > 0) {
            *child = die;
            return true;
        }
    }
    return false;
}

static size_t find_chain(struct unit *unit, Dwarf_Addr address, Dwarf_Die *chain)
{
    if (!unit->indexed)
        index_functions(unit);
    const struct span *span = spans_find(&unit->spans, address);
    if (span == NULL)
        return 0;
    chain[0] = unit->functions[span->index];
    size_t count = 1;
    Dwarf_Die die = chain[0];
    while (count < CHAIN_MAX && inner(&die, address, &die))
        if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
            chain[count++] = die;
    return count;
}

static const char *text_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

static Dwarf_Word number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word number;
    return dwarf_formudata(dwarf_attr(die, name, &attribute), &number) == 0 ? number : 0;
}

static void set_function(struct debug_frame *frame, Dwarf_Die *function)
{
    frame->linkage_name = text_of(function, DW_AT_linkage_name);
    if (frame->linkage_name == NULL)
        frame->linkage_name = text_of(function, DW_AT_MIPS_linkage_name); /* before DWARF 4 */
    frame->name = text_of(function, DW_AT_name);
    frame->inlined = dwarf_tag(function) == DW_TAG_inlined_subroutine;
}

static void set_line(struct debug_frame *frame, struct unit *unit, Dwarf_Addr address)
{
    Dwarf_Line *line = dwarf_getsrc_die(&unit->lines, address);
    int number;
    if (line == NULL)
        return;
    frame->file = dwarf_linesrc(line, NULL, NULL);
    if (dwarf_lineno(line, &number) == 0 && number > 0)
        frame->line = (unsigned)number;
}

/* Where an inlined call stands in the function that makes it. */
static void set_call_line(struct debug_frame *frame, struct unit *unit, Dwarf_Die *call)
{
    Dwarf_Files *files;
    size_t count;
    Dwarf_Word file = number_of(call, DW_AT_call_file);
    if (dwarf_getsrcfiles(&unit->tree, &files, &count) == 0 && file < count)
        frame->file = dwarf_filesrc(files, file, NULL, NULL);
    frame->line = (unsigned)number_of(call, DW_AT_call_line);
}

size_t debug_info_find(struct debug_info *info, uint64_t address, struct debug_frame *frames, size_t max)
{
    address -= info->bias;
    const struct span *span = spans_find(&info->spans, address);
    if (span == NULL || max == 0)
        return 0;
    struct unit *unit = &info->units[span->index];
    Dwarf_Die chain[CHAIN_MAX];
    size_t depth = find_chain(unit, address, chain);
    if (depth == 0) { /* a line is known all the same: hand-written assembler, for one */
        frames[0] = (struct debug_frame){0};
        set_line(&frames[0], unit, address);
        return frames[0].file != NULL;
    }
    size_t count = depth < max ? depth : max;
    for (size_t i = 0; i < count; i++) {
        size_t place = count - 1 - i; /* in the chain */
        frames[i] = (struct debug_frame){0};
        set_function(&frames[i], &chain[place]);
        if (place + 1 < depth)
            set_call_line(&frames[i], unit, &chain[place + 1]);
        else
            set_line(&frames[i], unit, address);
    }
    return count;
}
