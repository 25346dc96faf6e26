/*
 * Recordings, every byte of them hostile: read, put in order, judged by every rule, and written in one format, which
 * the input settles. To write all of them takes ten times as long, and is what the report target does.
 */
#include "fuzz.h"
#include "session.h"

/* FNV-1a */
static uint64_t hash(const uint8_t *data, size_t size)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ data[i]) * UINT64_C(0x100000001b3);
    return sum ^ sum >> 32;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *folder = session_make(data, size);
    const struct session_format *format = &session_formats[hash(data, size) % SESSION_FORMATS];
    struct report_options options;
    struct report_result result;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    FUZZ_MUST(stream != NULL);
    session_options(&options, stream);
    session_option(&options, "format", format->name);
    int code = report_session(&folder, 1, &options, &result);
    FUZZ_MUST(fclose(stream) == 0);
    FUZZ_MUST(code == 0 || length == 0);
    if (code == 0)
        session_check(format, text, length);
    else
        session_check_error(result.error);
    report_options_free(&options);
    free(text);
    return 0;
}
