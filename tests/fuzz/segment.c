/*
 * A session's folder, every byte of it hostile: read, judged by every rule, and written in every format, each of which a
 * parser of its own must be able to read. The input holds the recordings one after the other, each from its magic on, and
 * perhaps a recorded command line, after "COMMAND\n".
 */
#include "fuzz.h"
#include "report.h"

#include <jansson.h>
#include <libxml/parser.h>
#include <string.h>
#include <unistd.h>

#include "fdtrace/segment.h"

enum { MAGIC_SIZE = 8, PIECES_MOST = 4 };
#define COMMAND_MAGIC "COMMAND\n"

static const char *const names[PIECES_MOST] = {"4194400.1.fdt", "4194400.2.fdt", "4194401.1.fdt", "4194402.1.fdt"};
/* What the formats are read by. */
static const char *const outputs[] = {
    "json:json", "sarif:json", "gitlab:json", "speedscope:json", "trace:json", "junit:xml", "text:text", "github:text",
    "html:any", "csv:any", "folded:any", "pprof:any", "suppressions:any"};
enum { OUTPUTS = sizeof(outputs) / sizeof(outputs[0]) };

static const uint8_t *next_magic(const uint8_t *from, const uint8_t *end)
{
    for (; end - from >= MAGIC_SIZE; from++)
        if (memcmp(from, FDT_MAGIC, MAGIC_SIZE) == 0 || memcmp(from, COMMAND_MAGIC, MAGIC_SIZE) == 0)
            return from;
    return end;
}

static void make_session(const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size, *next;
    size_t piece = 0;
    for (size_t i = 0; i < PIECES_MOST; i++)
        unlink(fuzz_path(names[i]));
    unlink(fuzz_path("command"));
    for (; data < end && piece < PIECES_MOST; data = next) {
        next = next_magic(data + 1, end);
        if (end - data >= MAGIC_SIZE && memcmp(data, COMMAND_MAGIC, MAGIC_SIZE) == 0)
            fuzz_file("command", data + MAGIC_SIZE, (size_t)(next - data) - MAGIC_SIZE);
        else
            fuzz_file(names[piece++], data, (size_t)(next - data));
    }
}

static char *read_output(const char *path, size_t *size)
{
    char *text = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    FUZZ_MUST(file != NULL);
    ssize_t length = getdelim(&text, &room, EOF, file); /* EOF is no byte: all of it */
    fclose(file);
    *size = length > 0 ? (size_t)length : 0;
    return text;
}

static void must_be_json(const char *text, size_t size, const char *format)
{
    json_error_t error;
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (value == NULL)
        fprintf(stderr, "%s: %s at byte %d\n", format, error.text, error.position);
    FUZZ_MUST(value != NULL);
    json_decref(value);
}

static void must_be_xml(const char *text, size_t size)
{
    xmlDocPtr document = xmlReadMemory(text, (int)size, "junit", NULL, XML_PARSE_NONET);
    FUZZ_MUST(document != NULL);
    xmlFreeDoc(document);
}

/* What a terminal would obey is in none of it. */
static void must_be_tame(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i], after = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        FUZZ_MUST((byte >= ' ' || byte == '\n' || byte == '\t') && byte != 0x7f);
        FUZZ_MUST(byte != 0xc2 || after >= 0xa0); /* C1 controls */
    }
}

static void check_output(const char *output)
{
    const char *kind = strchr(output, ':') + 1;
    size_t size;
    char *text = strcmp(kind, "any") != 0 ? read_output(fuzz_path(output), &size) : NULL;
    if (strcmp(kind, "json") == 0)
        must_be_json(text, size, output);
    else if (strcmp(kind, "xml") == 0)
        must_be_xml(text, size);
    else if (strcmp(kind, "text") == 0)
        must_be_tame(text, size);
    free(text);
}

static void must_take(struct report_options *options, const char *name, const char *value)
{
    const struct command_option *option = report_option_table;
    while (strcmp(option->name, name) != 0)
        option++;
    FUZZ_MUST(report_option(options, option->id, value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char words[OUTPUTS][160];
    const char *folder = fuzz_folder();
    struct report_options options;
    struct report_result result;
    make_session(data, size);
    setenv("GITHUB_STEP_SUMMARY", "/dev/null", 1);
    FUZZ_MUST(report_options_init(&options, stdout) == 0);
    for (size_t i = 0; i < OUTPUTS; i++) {
        snprintf(words[i], sizeof(words[i]), "%.*s:%s", (int)strcspn(outputs[i], ":"), outputs[i], fuzz_path(outputs[i]));
        must_take(&options, "output", words[i]);
    }
    must_take(&options, "show", "all");
    must_take(&options, "limit", "0");
    must_take(&options, "color", "never");
    must_take(&options, "fail-on", "note>1000");
    must_take(&options, "require-traced", NULL);
    if (report_session(&folder, 1, &options, &result) == 0)
        for (size_t i = 0; i < OUTPUTS; i++)
            check_output(outputs[i]);
    else
        FUZZ_MUST(result.error[0] != '\0' && strchr(result.error, '\n') == NULL);
    report_options_free(&options);
    return 0;
}
