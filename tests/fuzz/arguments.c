/* The command line of `fdtrace report`: one word a line. Every word is understood, or refused with one line. */
#include "fuzz.h"
#include "options.h"
#include "report.h"

#include <string.h>

enum { WORDS_MOST = 32 };

/* An option of each sort the reports' own table may not have. */
static const struct command_option others[] = {
    {"all", 'a', 1, NULL, ""}, {"both", 'b', 2, NULL, ""}, {"count", 'c', 3, "N", ""}, {.name = NULL}};
static const struct command_option *const tables[] = {others, report_option_table, NULL};

/* Does it read the file it is given? Then it is another target's business. */
static int reads_file(int id)
{
    for (const struct command_option *option = report_option_table; option->name != NULL; option++)
        if (option->id == id)
            return strcmp(option->name, "suppressions") == 0;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *rest = NULL, *words[WORDS_MOST + 2] = {"fdtrace"};
    int count = 1, id;
    for (char *word = strtok_r(text, "\n", &rest); word != NULL && count <= WORDS_MOST; word = strtok_r(NULL, "\n", &rest))
        words[count++] = word;
    struct report_options options;
    struct option_reader reader = {.argc = count, .argv = words, .tables = tables, .index = 1};
    FUZZ_MUST(report_options_init(&options, stdout) == 0);
    while ((id = option_next(&reader)) != OPTION_END) {
        FUZZ_MUST(reader.index <= count);
        if (id == OPTION_ERROR) {
            FUZZ_MUST(memchr(reader.error, '\0', sizeof(reader.error)) != NULL && reader.error[0] != '\0');
            break;
        }
        if (id >= REPORT_OPTION_FIRST && !reads_file(id) && report_option(&options, id, reader.value) < 0) {
            FUZZ_MUST(memchr(options.error, '\0', sizeof(options.error)) != NULL && options.error[0] != '\0');
            break;
        }
    }
    report_options_free(&options);
    free(text);
    return 0;
}
