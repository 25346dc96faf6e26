/* Reading suppressions out of ELF files. See embedded.h. */
#include "embedded.h"

#include "array.h"
#include "named_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "fdtrace_suppressions"
enum { TEXT_MOST = 1 << 20 };

/* One file to look into: a module, and the addresses of texts in it that images told of. */
struct place {
    const struct fdt_module *module;
    uint64_t answer; /* in the file's own terms; 0 none */
    bool uncalled;   /* a program whose function, if it has one, nobody could call */
};

struct places {
    struct place *items;
    size_t count;
};

static int out_of_memory(char *error, size_t error_size)
{
    snprintf(error, error_size, "out of memory while looking for suppressions in programs");
    return -ENOMEM;
}

static bool same_file(const struct fdt_module *a, const struct fdt_module *b)
{
    return strcmp(a->path, b->path) == 0 && a->build_id_length == b->build_id_length &&
           memcmp(a->build_id, b->build_id, a->build_id_length) == 0;
}

static struct place *find_place(struct places *places, const struct fdt_module *module)
{
    for (size_t i = 0; i < places->count; i++)
        if (same_file(places->items[i].module, module))
            return &places->items[i];
    if (!array_grow(&places->items, places->count, sizeof(*places->items)))
        return NULL;
    places->items[places->count] = (struct place){.module = module};
    return &places->items[places->count++];
}

static int unreadable(const char *path, char *error, size_t error_size)
{
    snprintf(error, error_size,
             "%s: fdtrace_default_suppressions() cannot be read; let it return a string constant and "
             "link with -rdynamic, or use FDTRACE_SUPPRESSIONS",
             path);
    return -EINVAL;
}

static int add_modules(struct places *places, const struct segment *segment, char *error, size_t error_size)
{
    uint64_t answer = segment->header.suppressions;
    bool held = answer == 0;
    for (uint32_t i = 0; i < segment->module_count; i++) {
        const struct fdt_module *module = &segment->modules[i];
        struct place *place = module->path[0] == '/' ? find_place(places, module) : NULL;
        if (module->path[0] == '/' && place == NULL)
            return out_of_memory(error, error_size);
        if (place != NULL && answer == 0 && strcmp(module->path, segment->header.exe) == 0)
            place->uncalled = true;
        /* The first that lay there: modules are listed as they came, and the answer was given at the start. */
        if (place != NULL && !held && answer >= module->start && answer < module->end) {
            place->answer = answer - module->bias;
            held = true;
        }
    }
    return held ? 0 : unreadable(segment->header.exe, error, error_size);
}

static bool is_traced_file(Elf *elf, const struct fdt_module *module)
{
    const void *id;
    ssize_t length = dwelf_elf_gnu_build_id(elf, &id);
    if (module->build_id_length == 0 || length <= 0)
        return true;
    return (size_t)length >= module->build_id_length && memcmp(id, module->build_id, module->build_id_length) == 0;
}

/* size bytes as text: several strings, one after the other, are as many lines. */
static int read_text(struct suppressions *list, const char *bytes, size_t size, const char *source, char *error,
                     size_t error_size)
{
    char *text = size <= TEXT_MOST ? malloc(size + 1) : NULL;
    if (text == NULL)
        return out_of_memory(error, error_size);
    for (size_t i = 0; i < size; i++)
        text[i] = bytes[i] != '\0' ? bytes[i] : '\n';
    text[size] = '\0';
    int result = suppressions_read(list, text, source, true, error, error_size);
    free(text);
    return result;
}

static int read_section(struct suppressions *list, Elf *elf, const struct fdt_module *module, char *error,
                        size_t error_size)
{
    size_t names;
    GElf_Shdr header;
    if (elf_getshdrstrndx(elf, &names) < 0)
        return 0;
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section != NULL; section = elf_nextscn(elf, section)) {
        const char *name = gelf_getshdr(section, &header) != NULL ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name == NULL || strcmp(name, SECTION) != 0 || header.sh_type == SHT_NOBITS)
            continue;
        Elf_Data *data = elf_rawdata(section, NULL);
        return data != NULL && data->d_buf != NULL && data->d_size <= TEXT_MOST
                   ? read_text(list, data->d_buf, data->d_size, module->path, error, error_size)
                   : 0;
    }
    return 0;
}

/* What the file has at an address, and how much of it; NULL: nothing. */
static const char *bytes_at(Elf *elf, uint64_t address, size_t *most)
{
    size_t count, file_size;
    const char *file = elf_rawfile(elf, &file_size);
    if (file == NULL || elf_getphdrnum(elf, &count) < 0)
        return NULL;
    for (size_t i = 0; i < count && i < INT_MAX; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) == NULL || header.p_type != PT_LOAD || address < header.p_vaddr ||
            address - header.p_vaddr >= header.p_filesz)
            continue;
        uint64_t inside = address - header.p_vaddr;
        if (header.p_offset > file_size || inside >= file_size - header.p_offset)
            return NULL;
        *most = file_size - header.p_offset - inside;
        *most = *most < header.p_filesz - inside ? *most : header.p_filesz - inside;
        return file + header.p_offset + inside;
    }
    return NULL;
}

static uint64_t find_function(Elf *elf)
{
    GElf_Shdr header;
    GElf_Sym symbol;
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section != NULL; section = elf_nextscn(elf, section)) {
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB || header.sh_entsize == 0)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        for (size_t i = 0; data != NULL && i < header.sh_size / header.sh_entsize && i < INT_MAX; i++) {
            if (gelf_getsym(data, (int)i, &symbol) == NULL || GELF_ST_TYPE(symbol.st_info) != STT_FUNC ||
                symbol.st_shndx == SHN_UNDEF)
                continue;
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (name != NULL && strcmp(name, "fdtrace_default_suppressions") == 0)
                return symbol.st_value;
        }
    }
    return 0;
}

static bool skip(const uint8_t **code, const uint8_t *end, const void *bytes, size_t length)
{
    if ((size_t)(end - *code) < length || memcmp(*code, bytes, length) != 0)
        return false;
    *code += length;
    return true;
}

/*
 * The address that a function at `function` returns, when it does nothing else; 0: it does. The traced program could
 * not see a function its dynamic linker does not know, so it was not called, and here nothing of the program is
 * executed.
 */
static uint64_t constant_answer(Elf *elf, uint64_t function)
{
    size_t most = 0;
    const uint8_t *code = (const uint8_t *)bytes_at(elf, function, &most);
    int32_t number;
    uint64_t answer = 0;
    if (code == NULL)
        return 0;
    const uint8_t *begin = code, *end = code + most;
    skip(&code, end, "\xf3\x0f\x1e\xfa", 4);                           /* endbr64 */
    skip(&code, end, "\x55\x48\x89\xe5", 4);                           /* push %rbp; mov %rsp, %rbp */
    bool relative = skip(&code, end, "\x48\x8d\x05", 3);               /* lea number(%rip), %rax */
    if ((!relative && !skip(&code, end, "\xb8", 1)) || end - code < 4) /* mov $number, %eax */
        return 0;
    memcpy(&number, code, sizeof(number));
    code += sizeof(number);
    answer = relative ? function + (uint64_t)(code - begin) + (uint64_t)(int64_t)number : (uint32_t)number;
    skip(&code, end, "\x5d", 1); /* pop %rbp */
    return skip(&code, end, "\xc3", 1) ? answer : 0;
}

/* The string a program's function answered, if all of it, its NUL included, comes from the file. */
static int read_answer(struct suppressions *list, Elf *elf, const struct place *place, char *error, size_t error_size)
{
    size_t most = 0;
    GElf_Ehdr header;
    uint64_t answer = place->answer, function = answer == 0 && place->uncalled ? find_function(elf) : 0;
    if (function != 0 && gelf_getehdr(elf, &header) != NULL && header.e_machine == EM_X86_64)
        answer = constant_answer(elf, function);
    const char *text = answer != 0 ? bytes_at(elf, answer, &most) : NULL;
    const char *end = text != NULL ? memchr(text, '\0', most < TEXT_MOST ? most : TEXT_MOST) : NULL;
    if (end != NULL)
        return read_text(list, text, (size_t)(end - text), place->module->path, error, error_size);
    return answer == 0 && function == 0 ? 0 : unreadable(place->module->path, error, error_size);
}

static int read_place(struct suppressions *list, const struct place *place, char *error, size_t error_size)
{
    int result = 0;
    struct named_file file;
    if (!named_file_load(&file, place->module->path))
        return 0;
    Elf *elf = elf_memory(file.bytes, file.size);
    if (elf != NULL && elf_kind(elf) == ELF_K_ELF && is_traced_file(elf, place->module)) {
        result = read_section(list, elf, place->module, error, error_size);
        if (result == 0)
            result = read_answer(list, elf, place, error, error_size);
    }
    if (elf != NULL)
        elf_end(elf);
    named_file_unload(&file);
    return result;
}

int embedded_suppressions(struct suppressions *list, const struct model *model, char *error, size_t error_size)
{
    struct places places = {0};
    int result = 0;
    elf_version(EV_CURRENT);
    for (size_t i = 0; i < model->image_count && result == 0; i++)
        if (model->images[i].segment != NULL)
            result = add_modules(&places, model->images[i].segment, error, error_size);
    for (size_t i = 0; i < places.count && result == 0; i++)
        result = read_place(list, &places.items[i], error, error_size);
    free(places.items);
    return result;
}
