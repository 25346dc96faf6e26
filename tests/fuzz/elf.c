/*
 * A program as a recording may name it: symbols, lines and suppressions are read out of the file. elfutils does the
 * parsing; what is ours is how far we trust what it answers.
 */
#include "embedded.h"
#include "fuzz.h"
#include "model.h"
#include "symbol.h"

#include <string.h>

enum { FRAMES = 16, PROBES = 64 };

static void look_up(const char *path, size_t size)
{
    struct symbols *symbols = symbols_new();
    struct symbol_frame frames[FRAMES];
    for (uint64_t i = 1; i <= PROBES; i++) {
        size_t count = symbols_find(symbols, path, NULL, 0, i * (size + 4096) / PROBES, frames, FRAMES);
        FUZZ_MUST(count <= FRAMES);
        for (size_t frame = 0; frame < count; frame++)
            FUZZ_MUST(frames[frame].function == NULL || strlen(frames[frame].function) < SIZE_MAX);
    }
    symbols_free(symbols);
}

/* As the one module of an image; where its function would have answered, the input says. */
static void read_suppressions(const char *path, const uint8_t *data, size_t size)
{
    struct fdt_module module = {.commit = 1, .start = 0x1000, .end = UINT64_MAX, .bias = 0};
    struct segment segment = {.modules = &module, .module_count = 1};
    struct image image = {.segment = &segment};
    struct model model = {.images = &image, .image_count = 1};
    struct suppressions list = {0};
    char error[512] = "";
    snprintf(module.path, sizeof(module.path), "%s", path);
    snprintf(segment.header.exe, sizeof(segment.header.exe), "%s", path);
    if (size >= 8)
        memcpy(&segment.header.suppressions, data + size - 8, 8);
    if (embedded_suppressions(&list, &model, error, sizeof(error)) < 0)
        FUZZ_MUST(error[0] != '\0');
    segment.header.suppressions = 0;
    suppressions_free(&list);
    list = (struct suppressions){0};
    embedded_suppressions(&list, &model, error, sizeof(error));
    suppressions_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("program", data, size);
    look_up(path, size);
    read_suppressions(path, data, size);
    return 0;
}
