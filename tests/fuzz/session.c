/* See session.h. */
#include "session.h"

#include "escape.h"
#include "fuzz.h"

#include <fcntl.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <string.h>
#include <unistd.h>

#include "fdtrace/segment.h"

static const char *const names[SESSION_PIECES] = {"4194400.1.fdt", "4194400.2.fdt", "4194401.1.fdt", "4194402.1.fdt"};

const struct session_format session_formats[] = {
    {"json", PROMISE_JSON}, {"sarif", PROMISE_JSON}, {"gitlab", PROMISE_JSON}, {"speedscope", PROMISE_JSON},
    {"trace", PROMISE_JSON}, {"junit", PROMISE_XML}, {"text", PROMISE_TAME}, {"github", PROMISE_TAME},
    {"html", PROMISE_TAME}, {"csv", PROMISE_TAME}, {"folded", PROMISE_TAME}, {"suppressions", PROMISE_TAME},
    {"events", PROMISE_TAME}, {"pprof", PROMISE_NONE}};
_Static_assert(sizeof(session_formats) / sizeof(session_formats[0]) == SESSION_FORMATS, "as many as session.h says");

const uint8_t *session_piece(const uint8_t *from, const uint8_t *end)
{
    size_t left = (size_t)(end - from);
    const uint8_t *recording = memmem(from, left, FDT_MAGIC, SESSION_MAGIC);
    const uint8_t *command = memmem(from, left, SESSION_COMMAND, SESSION_MAGIC);
    if (recording == NULL && command == NULL)
        return end;
    return recording == NULL || (command != NULL && command < recording) ? command : recording;
}

/* Once, so that reports find it open. */
static void open_library(void)
{
    static bool opened;
    if (opened)
        return;
    int fd = open(FUZZ_LIBRARY, O_RDONLY | O_CLOEXEC);
    FUZZ_MUST(fd >= 0 && dup3(fd, SESSION_LIBRARY_FD, O_CLOEXEC) == SESSION_LIBRARY_FD);
    close(fd);
    opened = true;
}

const char *session_make(const uint8_t *data, size_t size)
{
    static size_t pieces_before;
    static bool command_before;
    const uint8_t *end = data + size, *next;
    size_t piece = 0;
    bool command = false;
    open_library();
    if (session_piece(data, end) == end)
        fuzz_file(names[piece++], data, size); /* no recording at all, and called one */
    for (data = session_piece(data, end); data < end && piece < SESSION_PIECES; data = next) {
        next = session_piece(data + 1, end);
        if (memcmp(data, SESSION_COMMAND, SESSION_MAGIC) == 0) {
            fuzz_file("command", data + SESSION_MAGIC, (size_t)(next - data) - SESSION_MAGIC);
            command = true;
        } else {
            fuzz_file(names[piece++], data, (size_t)(next - data));
        }
    }
    for (size_t i = piece; i < pieces_before; i++)
        unlink(fuzz_path(names[i]));
    if (command_before && !command)
        unlink(fuzz_path("command"));
    pieces_before = piece;
    command_before = command;
    return fuzz_folder();
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

/* What a terminal would obey is in none of it. Lines may end as CSV's do. */
static void must_be_tame(const char *text, size_t size, const char *format)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i], after = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        bool blank = byte == '\n' || byte == '\t' || (byte == '\r' && after == '\n');
        bool control = (byte < ' ' && !blank) || byte == 0x7f || (byte == 0xc2 && after < 0xa0); /* C1 */
        if (control)
            fprintf(stderr, "%s: control character 0x%02x at byte %zu\n", format, byte, i);
        FUZZ_MUST(!control);
    }
}

void session_check(const struct session_format *format, const char *text, size_t size)
{
    if (format->promise == PROMISE_JSON)
        must_be_json(text, size, format->name);
    else if (format->promise == PROMISE_XML)
        must_be_xml(text, size);
    else if (format->promise == PROMISE_TAME)
        must_be_tame(text, size, format->name);
}

void session_check_error(const char *error)
{
    char *line = escape_text(error);
    FUZZ_MUST(line != NULL && line[0] != '\0' && strchr(line, '\n') == NULL);
    must_be_tame(line, strlen(line), "error");
    free(line);
}

void session_option(struct report_options *options, const char *name, const char *value)
{
    const struct command_option *option = report_option_table;
    while (strcmp(option->name, name) != 0)
        option++;
    FUZZ_MUST(report_option(options, option->id, value) == 0);
}

void session_options(struct report_options *options, FILE *stream)
{
    setenv("GITHUB_STEP_SUMMARY", "/dev/null", 1);
    FUZZ_MUST(report_options_init(options, stream) == 0);
    session_option(options, "show", "all");
    session_option(options, "limit", "0");
    session_option(options, "color", "never");
    session_option(options, "fail-on", "note>1000");
    session_option(options, "require-traced", NULL);
}
