/*
 * The whole way: a session's folder, every byte of it hostile, judged by every rule, written in every format at once to
 * files, each of which a parser of its own must be able to read. The segment target looks deeper, and less wide.
 */
#include "fuzz.h"
#include "session.h"

#include <string.h>

static void check_file(const struct session_format *format)
{
    char *text = NULL;
    size_t room = 0;
    FILE *file = fopen(fuzz_path(format->name), "re");
    FUZZ_MUST(file != NULL);
    ssize_t length = getdelim(&text, &room, EOF, file); /* EOF is no byte: all of it */
    fclose(file);
    session_check(format, text, length > 0 ? (size_t)length : 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char words[SESSION_FORMATS][160];
    const char *folder = session_make(data, size);
    struct report_options options;
    struct report_result result;
    session_options(&options, stdout);
    for (size_t i = 0; i < SESSION_FORMATS; i++) {
        const char *name = session_formats[i].name;
        snprintf(words[i], sizeof(words[i]), "%s:%s", name, fuzz_path(name));
        session_option(&options, "output", words[i]);
    }
    if (report_session(&folder, 1, &options, &result) == 0)
        for (size_t i = 0; i < SESSION_FORMATS; i++)
            check_file(&session_formats[i]);
    else
        session_check_error(result.error);
    report_options_free(&options);
    return 0;
}
