/* A file of suppressions, and what embedded ones say: read, or refused with one line that names file and line. */
#include "fuzz.h"
#include "suppress.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int embedded = 0; embedded <= 1; embedded++) {
        struct suppressions list = {0};
        char error[512] = "", *text = fuzz_text(data, size);
        if (suppressions_read(&list, text, "fd.supp", embedded, error, sizeof(error)) < 0)
            FUZZ_MUST(strncmp(error, "fd.supp:", 8) == 0 && strchr(error, '\n') == NULL);
        for (size_t i = 0; i < list.count; i++)
            FUZZ_MUST(list.items[i].name != NULL && list.items[i].source != NULL && list.items[i].line > 0);
        suppressions_cut(&list, list.count / 2);
        suppressions_free(&list);
        free(text);
    }
    struct suppressions list = {0};
    char error[512] = "";
    const char *path = fuzz_file("fd.supp", data, size);
    if (suppressions_read_file(&list, path, error, sizeof(error)) < 0)
        FUZZ_MUST(error[0] != '\0' && strchr(error, '\n') == NULL);
    suppressions_free(&list);
    return 0;
}
