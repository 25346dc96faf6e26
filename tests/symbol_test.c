/*
 * Function, file and line of an address. The programs of tests/symbols print what each of their return addresses
 * stands for (see here.h there); what we find has to be the same words. Copies of them, stripped, altered or damaged
 * with binutils, must be told apart.
 */
#include "demangle.h"
#include "span.h"
#include "support.h"
#include "symbol.h"

#include <criterion/criterion.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FRAMES = 16 };

static struct symbols *symbols;
static char *scratch;

static void begin(void)
{
    symbols = symbols_new();
    scratch = scratch_make();
    unsetenv("DEBUGINFOD_URLS");
}

static void end(void)
{
    symbols_free(symbols);
    scratch_remove(scratch);
}

TestSuite(symbol, .init = begin, .fini = end);

/* Helpers. */

/* Paths that last as long as their test, unlike what text() returns. */
static const char *keep(const char *path)
{
    static char kept[8][PATH_MAX];
    static size_t used;
    cr_assert_lt(used, sizeof(kept) / sizeof(kept[0]));
    return strcpy(kept[used++], path);
}

static const char *program(const char *name)
{
    return keep(built(text("tests/symbols/%s", name)));
}

static const char *in_scratch(const char *name)
{
    return keep(text("%s/%s", scratch, name));
}

static char *output_of(const char *path)
{
    struct outcome outcome = run(&(struct run){.argv = (const char *const[]){path, NULL}, .tracing = BARE});
    cr_assert_eq(outcome_code(&outcome), 0, "%s: %s", path, outcome.err);
    free(outcome.err);
    return outcome.out;
}

static void shell(const char *command)
{
    cr_assert_eq(system(command), 0, "%s", command);
}

/* The frames of an address, in the words the programs use. */
static const char *found(const char *path, uint64_t offset, bool lines)
{
    struct symbol_frame frames[FRAMES];
    size_t count = symbols_find(symbols, path, NULL, 0, offset, frames, FRAMES);
    const char *words = "";
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(frames[i].inlined, i + 1 < count, "%s: inlined frames come first", path);
        const char *name = frames[i].function != NULL ? frames[i].function : "?";
        words = lines ? text("%s\t%s:%u", words, name, frames[i].line) : text("%s\t%s", words, name);
    }
    return words;
}

/* Does path give each address the frames that its output foretells? */
static void check_frames(const char *path, const char *file)
{
    char *output = output_of(path), *state;
    size_t count = 0;
    for (char *line = strtok_r(output, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state), count++) {
        char *expected;
        uint64_t offset = strtoull(line, &expected, 16);
        cr_expect_str_eq(found(path, offset, true), expected, "%s: %s", path, line);
        struct symbol_frame frame;
        cr_assert_eq(symbols_find(symbols, path, NULL, 0, offset, &frame, 1), 1);
        cr_expect(frame.file != NULL && strstr(frame.file, file) != NULL, "%s: file %s", line, frame.file);
        cr_expect_not(frame.inlined, "%s: with room for one frame, it is the function itself", line);
    }
    cr_assert_geq(count, 5);
    free(output);
}

/* The offset whose line contains word, in what path prints. */
static uint64_t offset_of(const char *path, const char *word)
{
    char *output = output_of(path), *place = strstr(output, word);
    cr_assert_not_null(place, "%s does not print %s", path, word);
    while (place > output && place[-1] != '\n')
        place--;
    uint64_t offset = strtoull(place, NULL, 16);
    free(output);
    return offset;
}

static size_t count_at(const char *path, uint64_t offset)
{
    struct symbol_frame frames[FRAMES];
    return symbols_find(symbols, path, NULL, 0, offset, frames, FRAMES);
}

/* Debug information. */

Test(symbol, functions_and_inlined_calls)
{
    check_frames(program("plain"), "tests/symbols/plain.c");
}

Test(symbol, program_at_a_fixed_address)
{
    check_frames(program("fixed"), "tests/symbols/plain.c");
}

Test(symbol, optimized_program)
{
    check_frames(program("optimized"), "tests/symbols/plain.c");
}

Test(symbol, dwarf_of_older_compilers)
{
    check_frames(program("dwarf4"), "tests/symbols/plain.c");
}

Test(symbol, split_debug_information)
{
    check_frames(program("split"), "tests/symbols/plain.c");
}

Test(symbol, cxx_names)
{
    check_frames(program("cxx"), "tests/symbols/cxx.cpp");
}

/* As clang leaves it out. */
Test(symbol, without_address_ranges)
{
    const char *copy = in_scratch("copy");
    shell(text("objcopy --remove-section .debug_aranges %s %s", program("plain"), copy));
    check_frames(copy, "tests/symbols/plain.c");
}

Test(symbol, separate_debug_information)
{
    const char *path = program("plain");
    shell(text("cd %s && objcopy --only-keep-debug %s copy.debug && "
               "objcopy --strip-all --add-gnu-debuglink=copy.debug %s copy", scratch, path, path));
    check_frames(in_scratch("copy"), "tests/symbols/plain.c");
}

/* Symbol tables. */

Test(symbol, names_without_debug_information)
{
    const char *copy = in_scratch("copy");
    shell(text("objcopy --strip-debug %s %s", program("cxx"), copy));
    struct symbol_frame frame;
    cr_assert_eq(symbols_find(symbols, copy, NULL, 0, offset_of(copy, "open(int)"), &frame, 1), 1);
    cr_expect_str_eq(frame.function, "pool::connection::open(int)");
    cr_expect_null(frame.file);
    cr_expect_eq(frame.line, 0);
    cr_expect_str_eq(found(copy, offset_of(copy, "borrow"), false), "\tpool::borrow<int>(int)");
}

/* Only what is exported has a name. A static function must not get its neighbour's. */
Test(symbol, exported_names_of_a_stripped_program)
{
    const char *copy = in_scratch("copy");
    shell(text("strip -o %s %s", copy, program("exporting")));
    cr_expect_str_eq(found(copy, offset_of(copy, "exported:"), false), "\texported");
    cr_expect_eq(count_at(copy, offset_of(copy, "outer:24")), 0);
    cr_expect_eq(count_at(copy, offset_of(copy, "farewell:")), 0);
}

/* What is not there, or not to be trusted. */

static size_t build_id_of(const char *path, uint8_t *id, size_t max)
{
    elf_version(EV_CURRENT);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    const void *bits;
    ssize_t length = dwelf_elf_gnu_build_id(elf, &bits);
    cr_assert(length > 0 && (size_t)length <= max, "%s has no build id", path);
    memcpy(id, bits, (size_t)length);
    elf_end(elf);
    close(fd);
    return (size_t)length;
}

Test(symbol, another_build_id)
{
    const char *path = program("plain");
    uint64_t offset = offset_of(path, "exported");
    uint8_t id[64];
    struct symbol_frame frame;
    size_t length = build_id_of(path, id, sizeof(id));
    cr_expect_eq(symbols_find(symbols, path, id, length, offset, &frame, 1), 1);
    cr_expect_eq(symbols_find(symbols, path, id, length - 1, offset, &frame, 1), 0);
    id[length - 1] ^= 1;
    cr_expect_eq(symbols_find(symbols, path, id, length, offset, &frame, 1), 0);
    id[length - 1] ^= 1;
    cr_expect_eq(symbols_find(symbols, path, id, length, offset, &frame, 1), 1, "both ids are remembered");
}

Test(symbol, what_is_no_module)
{
    const char *fifo = in_scratch("fifo"), *garbage = in_scratch("garbage"), *empty = in_scratch("empty");
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    shell(text("printf 'no ELF at all' >%s; : >%s", garbage, empty));
    const char *paths[] = {"",      "[vdso]", "/",     "/dev/null", "/dev/zero", "/nonexistent/program",
                           scratch, fifo,     garbage, empty};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        cr_expect_eq(count_at(paths[i], 0x1234), 0, "%s", paths[i]);
    char *endless = malloc(100001);
    memset(endless, '/', 100000);
    endless[100000] = '\0';
    cr_expect_eq(count_at(endless, 0x1234), 0);
    free(endless);
}

/* It would be taken from our folder, not from the one the program was in. */
Test(symbol, relative_path)
{
    const char *path = program("plain");
    uint64_t offset = offset_of(path, "exported");
    shell(text("cp %s %s/copy", path, scratch));
    cr_assert_eq(chdir(scratch), 0);
    cr_expect_eq(count_at("copy", offset), 0);
    cr_expect_eq(count_at(in_scratch("copy"), offset), 1);
}

Test(symbol, addresses_outside)
{
    const char *path = program("plain");
    uint64_t addresses[] = {0, 1, 2, 0x7fffffff, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        cr_expect_eq(count_at(path, addresses[i]), 0, "%#lx", (unsigned long)addresses[i]);
    uint64_t inside = offset_of(path, "exported");
    cr_expect_eq(symbols_find(symbols, path, NULL, 0, inside, NULL, 0), 0);
}

/* A file of bytes, as given. */
static void write_file(const char *path, const char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static char *read_file(const char *path, size_t *length)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert(fd >= 0 && fstat(fd, &status) == 0);
    char *bytes = malloc((size_t)status.st_size);
    cr_assert_eq(read(fd, bytes, (size_t)status.st_size), status.st_size);
    close(fd);
    *length = (size_t)status.st_size;
    return bytes;
}

/* Looks up all offsets in a file of these bytes. That it returns is all that is asked. */
static void survive(const char *bytes, size_t length, const uint64_t *offsets, size_t count)
{
    const char *path = text("%s/damaged", scratch);
    struct symbols *fresh = symbols_new();
    struct symbol_frame frames[FRAMES];
    write_file(path, bytes, length);
    for (size_t i = 0; i < count; i++)
        symbols_find(fresh, path, NULL, 0, offsets[i], frames, FRAMES);
    symbols_free(fresh);
}

/* Damage of the same kind in every run: a linear congruential generator, seeded by us. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

Test(symbol, damaged_programs)
{
    static const char *const names[] = {"plain", "cxx", "dwarf4"};
    uint32_t random = 1;
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        const char *path = program(names[n]);
        uint64_t offsets[] = {offset_of(path, ":1"), offset_of(path, ":2"), offset_of(path, ":3"), 0x1000};
        size_t length, count = sizeof(offsets) / sizeof(offsets[0]);
        char *bytes = read_file(path, &length), *damaged = malloc(length);
        for (size_t i = 0; i < 64; i++)
            survive(bytes, length * i / 64, offsets, count);
        for (size_t i = 0; i < 300; i++) {
            memcpy(damaged, bytes, length);
            for (uint32_t hits = 1 + next_random(&random) % 64; hits > 0; hits--)
                damaged[next_random(&random) % length] = (char)next_random(&random);
            survive(damaged, length, offsets, count);
        }
        free(damaged);
        free(bytes);
    }
}

/* The cache. */

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

Test(symbol, a_module_is_opened_once)
{
    const char *copy = in_scratch("copy");
    shell(text("cp %s %s", program("plain"), copy));
    uint64_t offset = offset_of(copy, "leaf");
    cr_assert_eq(count_at(copy, offset), 3);
    cr_assert_eq(unlink(copy), 0);
    cr_expect_eq(count_at(copy, offset), 3);
    const char *later = in_scratch("later");
    cr_expect_eq(count_at(later, offset), 0);
    shell(text("cp %s %s", program("plain"), later));
    cr_expect_eq(count_at(later, offset), 0, "what was missing once is missing");
}

Test(symbol, descriptors_are_given_back)
{
    const char *path = program("plain");
    uint64_t offset = offset_of(path, "leaf");
    size_t before = open_descriptors();
    for (int i = 0; i < 8; i++) {
        struct symbols *fresh = symbols_new();
        struct symbol_frame frame;
        cr_expect_eq(symbols_find(fresh, path, NULL, 0, offset, &frame, 1), 1);
        cr_expect_eq(symbols_find(fresh, "/dev/null", NULL, 0, offset, &frame, 1), 0);
        symbols_free(fresh);
    }
    cr_expect_eq(open_descriptors(), before);
}

/* Names and spans by themselves. */

static void check_demangled(const char *name, const char *expected)
{
    char *readable = demangle(name);
    if (expected == NULL)
        cr_expect_null(readable, "%s became %s", name, readable);
    else
        cr_expect_str_eq(readable != NULL ? readable : "(as it was)", expected);
    free(readable);
}

Test(demangle, names)
{
    check_demangled("main", NULL);
    check_demangled("", NULL);
    check_demangled("_", NULL);
    check_demangled("_Znonsense", NULL);
    check_demangled("_ZN4pool4openEPKc", "pool::open(char const*)");
    check_demangled("_ZN4pool6borrowIiEET_S1_", "pool::borrow<int>(int)");
    check_demangled("_ZNSt6vectorIiSaIiEE9push_backERKi",
                    "std::vector<int, std::allocator<int> >::push_back(int const&)");
    check_demangled("_ZN4pool4openEPKc.cold", "pool::open(char const*) [clone .cold]");
    check_demangled("_ZN3std2fs4File4open17h0123456789abcdefE", "std::fs::File::open");
    check_demangled("_RNvCs1234_7mycrate3foo", "mycrate::foo");
    check_demangled("_RNvMs_NtCs1234_7mycrate3barNtB4_3Baz3new", "<mycrate::bar::Baz>::new");
    check_demangled("open@@GLIBC_2.2.5", "open");
    check_demangled("_ZN4pool4openEPKc@VERS_1", "pool::open(char const*)");
}

/* Each Tn_ pair doubles what the one before it stands for: 2^200 words, if nobody stopped it. */
Test(demangle, endless_names)
{
    char name[1024] = "_Z1fSt4pairIiiE";
    for (int i = 0; i < 80; i++) {
        char step[16];
        if (i == 0)
            snprintf(step, sizeof(step), "S_IS0_S0_E");
        else
            snprintf(step, sizeof(step), "S_IS%c_S%c_E", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i % 36],
                     "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i % 36]);
        strcat(name, step);
    }
    char *readable = demangle(name);
    cr_assert_not_null(readable);
    cr_expect_leq(strlen(readable), DEMANGLED_MAX + 3);
    cr_expect_str_eq(readable + strlen(readable) - 3, "...");
    free(readable);

    char *plain = malloc(1000001);
    memset(plain, 'a', 1000000);
    plain[1000000] = '\0';
    for (int mangled = 0; mangled < 2; mangled++) {
        readable = demangle(plain);
        cr_assert_not_null(readable);
        cr_expect_eq(strlen(readable), DEMANGLED_MAX + 3);
        free(readable);
        memcpy(plain, "_Z1000000", 9);
    }
    free(plain);
}

Test(span, innermost_and_preferred)
{
    struct spans spans = {0};
    struct span given[] = {
        {.low = 100, .high = 200, .index = 0}, {.low = 120, .high = 140, .index = 1},
        {.low = 120, .high = 140, .index = 2, .rank = -1}, {.low = 300, .high = 300, .index = 3},
        {.low = 0, .high = 1000, .index = 4}, {.low = 400, .high = 390, .index = 5},
        {.low = 150, .high = 160, .index = 6}, {.low = 500, .high = UINT64_MAX, .index = 7},
    };
    cr_expect_null(spans_find(&spans, 5), "nothing is in an empty index");
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
        cr_assert(spans_add(&spans, given[i]));
    spans_sort(&spans);
    static const struct { uint64_t address; int index; } expected[] = {
        {99, -1}, {100, 0}, {119, 0}, {120, 1}, {139, 1}, {140, 0}, {155, 6}, {160, 0}, {199, 0}, {200, -1}, {300, -1},
        {395, -1}, {499, -1}, {500, 7}, {UINT64_MAX - 1, 7}, {UINT64_MAX, -1},
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        const struct span *span = spans_find(&spans, expected[i].address);
        int index = span != NULL ? (int)span->index : -1;
        cr_expect_eq(index, expected[i].index, "%lu: span %d", (unsigned long)expected[i].address, index);
    }
    spans_free(&spans);
}
