/* FDTRACE_OPTIONS is read twice, by the guest and by the command: both must understand the same. */
#include "fuzz.h"
#include "option.h"
#include "options.h"

#include "say.h"

#include <string.h>

/* The guest's complaints; its own say() writes to standard error. */
void say(const char *first, ...)
{
    FUZZ_MUST(strlen(first) < 1024);
}

#define FDT_AGREE_TEXT(key)   FUZZ_MUST(memchr(options.key, '\0', OPTION_TEXT_SIZE) != NULL && \
                                        strcmp(options.key, command.key) == 0);
#define FDT_AGREE_NUMBER(key) FUZZ_MUST(options.key == command.key);
#define FDT_AGREE_FLAG(key)   FUZZ_MUST(options.key == command.key);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct environment_options command;
    options_read(text);
    FUZZ_MUST(environment_options_read(&command, text) == 0);
#define FDT_OPTION(key, type, standard, help) FDT_AGREE_##type(key)
#include "fdtrace/options.def"
#undef FDT_OPTION
    environment_options_free(&command);
    free(text);
    return 0;
}
