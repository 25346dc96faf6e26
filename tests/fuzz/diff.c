/*
 * A JSON report that `fdtrace diff` is given: read into entries with one fingerprint each, sorted, or refused with one
 * line that names the file.
 */
#include "diff_side.h"
#include "fuzz.h"
#include "session.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diff_side side;
    char error[1024] = "";
    const char *path = fuzz_file("report.json", data, size);
    if (diff_side_load(&side, path, error, sizeof(error)) < 0) {
        session_check_error(error);
        FUZZ_MUST(strncmp(error, path, strlen(path)) == 0 && side.count == 0);
    }
    for (size_t i = 0; i < side.count; i++) {
        const struct diff_entry *entry = &side.entries[i];
        FUZZ_MUST(strlen(entry->fingerprint) == 16 && entry->rule != NULL && entry->message != NULL &&
                  entry->where != NULL);
        FUZZ_MUST(i == 0 || strcmp(side.entries[i - 1].fingerprint, entry->fingerprint) < 0);
    }
    diff_side_free(&side);
    return 0;
}
