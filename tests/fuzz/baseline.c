/* A baseline: read into sorted entries without doubles, or refused with one line that names file and line. */
#include "baseline.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct baseline baseline = {0};
    char error[512] = "";
    const char *path = fuzz_file("fd.baseline", data, size);
    if (baseline_read(&baseline, path, error, sizeof(error)) < 0)
        FUZZ_MUST(strncmp(error, path, strlen(path)) == 0 && strchr(error, '\n') == NULL);
    for (size_t i = 1; i < baseline.count; i++)
        FUZZ_MUST(baseline.entries[i - 1].fingerprint < baseline.entries[i].fingerprint);
    baseline_free(&baseline);
    return 0;
}
