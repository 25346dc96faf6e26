/*
 * The modules of a trace, opened through libdwfl, and the names of their functions. See symbol.h; DWARF is read in
 * debug_info.c.
 *
 * Each module has a libdwfl session of its own, so that modules cannot get in each other's way. Nothing is read
 * before it is needed, and everything is read once, failures too.
 */
#include "symbol.h"

#include "debug_info.h"
#include "demangle.h"
#include "named_file.h"
#include "span.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((element)->forgotten = true)
#include <uthash.h>

enum { FRAMES_MAX = 64, BUILD_ID_MAX = 64, KEY_MAX = PATH_MAX + BUILD_ID_MAX };

struct module {
    struct named_file file;
    Dwfl *dwfl;                /* NULL: has no symbols */
    Dwfl_Module *elf;
    GElf_Addr bias;            /* address in the session = address in the file + bias */
    bool debug_read, table_read;
    struct debug_info *debug;  /* NULL: none */
    struct spans table;        /* of the symbol table's functions */
    bool forgotten;
    UT_hash_handle hh;
    char key[];                /* path, NUL, build id */
};

/* What a linker's name means to a reader. */
struct name {
    char *readable; /* NULL: the name itself */
    bool forgotten;
    UT_hash_handle hh;
    char linker[];
};

struct symbols {
    struct module *modules;
    struct name *names;
};

struct symbols *symbols_new(void)
{
    return calloc(1, sizeof(struct symbols));
}

/* Opening. */

/* dwfl_standard_find_debuginfo asks a server only if DEBUGINFOD_URLS names one. */
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

/* Of somebody else's recording: what a file says of others is not followed, and no server is asked. */
static const Dwfl_Callbacks careful_callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

/*
 * In memory rather than left to libdwfl, which would hold a descriptor for each module, and would unpack a compressed
 * file however large it becomes. Writable, because libelf converts in place what has a foreign byte order.
 */
static bool load_file(struct module *module, const char *path)
{
    return named_file_load(&module->file, path) && module->file.size > SELFMAG &&
           memcmp(module->file.bytes, ELFMAG, SELFMAG) == 0;
}

/*
 * Asked before libdwfl sees the file: of one without a segment to load, as a damaged header leaves it, it makes no module,
 * and some of its versions (0.188) then write to where the module would be.
 */
static bool is_loadable(const struct named_file *file)
{
    GElf_Ehdr header;
    GElf_Phdr segment;
    size_t count = 0;
    bool loadable = false;
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(file->bytes, file->size);
    if (elf != NULL && gelf_getehdr(elf, &header) != NULL && (header.e_type == ET_EXEC || header.e_type == ET_DYN) &&
        elf_getphdrnum(elf, &count) == 0)
        for (size_t i = 0; i < count && i < INT_MAX && !loadable; i++)
            loadable = gelf_getphdr(elf, (int)i, &segment) != NULL && segment.p_type == PT_LOAD;
    elf_end(elf);
    return loadable;
}

/* A program that was rebuilt since has other functions at the same addresses. */
static bool has_build_id(Dwfl_Module *elf, const uint8_t *id, size_t id_length)
{
    const unsigned char *bits;
    GElf_Addr address;
    int length = dwfl_module_build_id(elf, &bits, &address);
    return length <= 0 || id_length == 0 || ((size_t)length == id_length && memcmp(bits, id, id_length) == 0);
}

static bool open_module(struct module *module, const char *path, const uint8_t *id, size_t id_length)
{
    if (!load_file(module, path) || !is_loadable(&module->file))
        return false;
    module->dwfl = dwfl_begin(named_files_foreign() ? &careful_callbacks : &callbacks);
    if (module->dwfl == NULL)
        return false;
    module->elf = dwfl_report_offline_memory(module->dwfl, path, path, module->file.bytes, module->file.size);
    if (dwfl_report_end(module->dwfl, NULL, NULL) != 0 || module->elf == NULL)
        return false;
    return dwfl_module_getelf(module->elf, &module->bias) != NULL && has_build_id(module->elf, id, id_length);
}

static void close_module(struct module *module)
{
    debug_info_free(module->debug);
    spans_free(&module->table);
    if (module->dwfl != NULL)
        dwfl_end(module->dwfl);
    named_file_unload(&module->file);
    module->dwfl = NULL;
}

static struct module *find_module(struct symbols *symbols, const char *path, const uint8_t *id, size_t id_length)
{
    char key[KEY_MAX];
    size_t path_size = strnlen(path, PATH_MAX) + 1, length = path_size + id_length;
    if (path[0] != '/' || path_size > PATH_MAX || id_length > BUILD_ID_MAX)
        return NULL;
    memcpy(key, path, path_size);
    if (id_length > 0)
        memcpy(key + path_size, id, id_length);
    struct module *module = NULL;
    HASH_FIND(hh, symbols->modules, key, length, module);
    if (module != NULL)
        return module;
    module = calloc(1, sizeof(*module) + length);
    if (module == NULL)
        return NULL;
    memcpy(module->key, key, length);
    HASH_ADD(hh, symbols->modules, key, length, module);
    if (module->forgotten) {
        free(module);
        return NULL;
    }
    if (!open_module(module, path, id, id_length))
        close_module(module);
    return module;
}

void symbols_free(struct symbols *symbols)
{
    struct module *module, *next_module;
    struct name *name, *next_name;
    if (symbols == NULL)
        return;
    HASH_ITER(hh, symbols->modules, module, next_module) {
        HASH_DEL(symbols->modules, module);
        close_module(module);
        free(module);
    }
    HASH_ITER(hh, symbols->names, name, next_name) {
        HASH_DEL(symbols->names, name);
        free(name->readable);
        free(name);
    }
    free(symbols);
}

/* Names. */

static bool is_mangled(const char *name)
{
    return name != NULL && name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

/* The text of a name; NULL: it has none that is more readable, or memory ran out. */
static const char *readable(struct symbols *symbols, const char *linker)
{
    struct name *name = NULL;
    HASH_FIND_STR(symbols->names, linker, name);
    if (name != NULL)
        return name->readable;
    size_t size = strlen(linker) + 1;
    name = calloc(1, sizeof(*name) + size);
    if (name == NULL)
        return NULL;
    memcpy(name->linker, linker, size);
    HASH_ADD_STR(symbols->names, linker, name);
    if (name->forgotten) {
        free(name);
        return NULL;
    }
    name->readable = demangle(linker);
    return name->readable;
}

static const char *readable_or_same(struct symbols *symbols, const char *name)
{
    const char *text = name != NULL ? readable(symbols, name) : NULL;
    return text != NULL ? text : name;
}

/* The symbol table. */

/*
 * Which of several names for one function to show: the one with the fewest leading underscores (open rather than
 * __open64), then one that others can use.
 */
static int rank_of(const char *name, const GElf_Sym *symbol)
{
    int underscores = (int)strspn(name, "_");
    return -2 * underscores - (GELF_ST_BIND(symbol->st_info) == STB_LOCAL);
}

/* Symbols without a size say where something begins, not where it ends, so they are not taken. */
static void read_table(struct module *module)
{
    module->table_read = true;
    int count = dwfl_module_getsymtab(module->elf);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name = dwfl_module_getsym_info(module->elf, i, &symbol, &address, &section, NULL, NULL);
        if (name == NULL || name[0] == '\0' || section == SHN_UNDEF)
            continue;
        int type = GELF_ST_TYPE(symbol.st_info);
        if (type != STT_FUNC && type != STT_GNU_IFUNC)
            continue;
        struct span span = {.low = address, .high = address + symbol.st_size, .name = name};
        span.rank = rank_of(name, &symbol);
        if (!spans_add(&module->table, span))
            break;
    }
    spans_sort(&module->table);
}

static const char *table_name(struct module *module, uint64_t address)
{
    if (!module->table_read)
        read_table(module);
    const struct span *span = spans_find(&module->table, address);
    return span != NULL ? span->name : NULL;
}

/* Looking up. */

/*
 * Compilers leave out the linkage name of functions local to a file; the symbol table still has it, scope and
 * parameters included, for those that were not inlined. A linkage name that will not demangle is worse than the
 * short name.
 */
static const char *function_name(struct symbols *symbols, struct module *module, const struct debug_frame *frame,
                                 uint64_t address)
{
    const char *linkage = frame->linkage_name;
    if (linkage == NULL && !frame->inlined) {
        linkage = table_name(module, address);
        if (frame->name != NULL && !is_mangled(linkage))
            linkage = NULL;
    }
    const char *text = linkage != NULL ? readable(symbols, linkage) : NULL;
    if (text == NULL)
        text = readable_or_same(symbols, frame->name != NULL ? frame->name : linkage);
    return text;
}

static size_t find_in_debug_info(struct symbols *symbols, struct module *module, uint64_t address,
                                 struct symbol_frame *frames, size_t max)
{
    struct debug_frame found[FRAMES_MAX];
    if (!module->debug_read) {
        module->debug_read = true;
        module->debug = debug_info_new(module->elf, named_files_foreign());
    }
    if (module->debug == NULL)
        return 0;
    size_t count = debug_info_find(module->debug, address, found, max < FRAMES_MAX ? max : FRAMES_MAX);
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct symbol_frame){
            .function = function_name(symbols, module, &found[i], address),
            .file = found[i].file,
            .line = found[i].line,
            .inlined = found[i].inlined,
        };
    return count;
}

static size_t find_in_table(struct symbols *symbols, struct module *module, uint64_t address,
                            struct symbol_frame *frames)
{
    const char *name = readable_or_same(symbols, table_name(module, address));
    if (name != NULL)
        frames[0] = (struct symbol_frame){.function = name};
    return name != NULL;
}

size_t symbols_find(struct symbols *symbols, const char *path, const uint8_t *id, size_t id_length, uint64_t offset,
                    struct symbol_frame *frames, size_t max)
{
    struct module *module = max > 0 && offset > 0 ? find_module(symbols, path, id, id_length) : NULL;
    if (module == NULL || module->dwfl == NULL)
        return 0;
    uint64_t address = offset - 1 + module->bias;
    size_t count = find_in_debug_info(symbols, module, address, frames, max);
    return count > 0 ? count : find_in_table(symbols, module, address, frames);
}
