/*
 * Names somebody chose to do harm, in every format: a program, its file, its arguments, its thread, its function
 * and its source all have one, and what is told of it must be read by a parser of the format, and command nobody.
 */
#include "escape.h"
#include "format_support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *session;

static void begin(void)
{
    session = scratch_make();
    unsetenv("GITHUB_WORKSPACE");
    unsetenv("CI_PROJECT_DIR");
}

static void end(void)
{
    scratch_remove(session);
}

TestSuite(formats_hostile, .init = begin, .fini = end);

/* In all of it: the file that leaks, the program, its arguments, its thread (15 bytes), a function, a source file. */
static const struct { const char *what, *name; } hostile[] = {
    {"commands of a terminal", "\033[2J\033]0;owned\007\b\177"},
    {"C1 controls", "\xc2\x9b" "31m\xc2\x85"},
    {"lines", "a\n::error file=x::owned\r\n##[error]owned\r::stop-commands::x\n"},
    {"a command of GitHub's runner", "::error file=x,line=1::owned"},
    {"one after a blank", "a ::warning title=b::owned  ::add-mask::c"},
    {"an encoded one", "%0A::error::owned%0D%250A::notice::%3A%2C"},
    {"an old one", "##[error]owned ###[add-mask]owned"},
    {"properties of a command", "a,line=99,title=b::c:d"},
    {"a script", "<script>alert(1)</script><img src=x onerror=alert(2)>"},
    {"entities and sections", "&lt;&#60;&x; ]]> <!-- --> <![CDATA[ <?x ?> <!DOCTYPE a SYSTEM 'b'>"},
    {"quotes", "\"'`\"\"''\\\"\\'"},
    {"a formula", "=HYPERLINK(\"http://x\",\"y\")"},
    {"another", "@SUM(1+1)*cmd|' /C calc'!A0"},
    {"links and tables", "[a](http://x) | b | ![c](http://y) {0} {{1}}"},
    {"no UTF-8", "\xff\xfe\xc0\xaf\xed\xa0\x80\xf5\x80"},
    {"no character of XML", "\xef\xbf\xbe\xef\xbf\xbf\x01\x0b\x1f"},
    {"characters that turn text around", "\xe2\x80\xae" "gpj.exe\xe2\x81\xa6\xe2\x80\xa8"},
    {"directions for printf", "%s%n%d%1$s%99999d"},
    {"4 KiB", NULL},
};
enum { LONGEST = 4000, THREAD_NAME_MOST = 15, FORMATS = 13 };

static const char *const formats[FORMATS] = {"text", "json", "sarif", "junit", "github", "gitlab", "csv", "html",
                                              "folded", "speedscope", "trace", "events",
                                              "summary" /* of a step: what github writes besides */};

/* The name a row stands for: `most` bytes at most, without what no path can hold. malloc'd. */
static char *hostile_name(size_t row, size_t most)
{
    char *name = malloc(LONGEST + 1);
    if (hostile[row].name == NULL)
        snprintf(name, LONGEST + 1, "%0*d", LONGEST, 0);
    else
        snprintf(name, LONGEST + 1, "%s", hostile[row].name);
    name[strlen(name) < most ? strlen(name) : most] = '\0';
    for (char *byte = name; *byte != '\0'; byte++)
        if (*byte == '/')
            *byte = '|';
    return name;
}

/* Writes name over each placeholder: `part`, over and over. */
static size_t overwrite(char *memory, size_t size, const char *part, const char *name)
{
    size_t count = 0, step = strlen(part);
    for (char *found = memory; (found = memmem(found, size - (size_t)(found - memory), part, step)) != NULL; count++) {
        char *start = found;
        while (found + step <= memory + size && memcmp(found, part, step) == 0)
            found += step;
        cr_assert_gt((size_t)(found - start), strlen(name));
        strcpy(start, name);
    }
    return count;
}

/* A copy of tests/formats/names at path, with this name for its function and its source. */
static void forge(const char *path, const char *name)
{
    char *memory = NULL;
    size_t size = 0;
    FILE *in = fopen(built("tests/formats/names"), "re"), *copy = open_memstream(&memory, &size);
    for (int byte; (byte = getc(in)) != EOF;)
        putc(byte, copy);
    fclose(in);
    fclose(copy);
    cr_assert_gt(overwrite(memory, size, "FUNCTION_OF_NAME", name), 0);
    cr_assert_gt(overwrite(memory, size, "SOURCE_WITH_NAME", name), 0);
    FILE *out = fopen(path, "we");
    cr_assert_not_null(out, "%s: %s", path, strerror(errno));
    fwrite(memory, 1, size, out);
    fclose(out);
    cr_assert_eq(chmod(path, 0700), 0);
    free(memory);
}

/* Leaves session/FORMAT of each format, and session/summary: what is told of a program in which all has this name. */
static void report_hostile(size_t row)
{
    char *name = hostile_name(row, LONGEST), *component = hostile_name(row, 200);
    char program[512], file[512], outputs[FORMATS][128];
    const char *argv[32] = {built("fdtrace"), "run"};
    size_t count = 2;
    snprintf(program, sizeof(program), "%s/p%s", session, component);
    snprintf(file, sizeof(file), "%s/%s", session, component);
    forge(program, name);
    fclose(fopen(file, "we"));
    for (size_t i = 0; i < FORMATS - 1; i++) {
        snprintf(outputs[i], sizeof(outputs[i]), "-o%s:%s/%s", formats[i], session, formats[i]);
        argv[count++] = outputs[i];
    }
    const char *const rest[] = {"--", program, file, name, NULL};
    memcpy(argv + count, rest, sizeof(rest));
    char summary[160];
    snprintf(summary, sizeof(summary), "GITHUB_STEP_SUMMARY=%s/summary", session);
    unlink(strchr(summary, '/'));
    struct outcome outcome = run(&(struct run){.argv = argv, .environment = (const char *const[]){summary, NULL}});
    cr_assert_eq(outcome_code(&outcome), 0, "%s: %s", hostile[row].what, outcome.err);
    outcome_free(&outcome);
    free(component);
    free(name);
}

/* A report in one format, of a program in which all has one name. */
struct sample {
    const char *what, *name, *format, *path;
    char *written;
};

/* Printable UTF-8 in lines, and nothing the runner would obey but what the format itself says. */
static void expect_printable(const struct sample *sample)
{
    size_t commands = format_count_commands(sample->written, NULL);
    cr_expect_eq(commands, strcmp(sample->format, "github") == 0, "%s in %s: %zu commands:\n%s", sample->what,
                 sample->format, commands, sample->written);
    cr_expect_null(strstr(sample->written, "##["), "%s in %s: an old command:\n%s", sample->what, sample->format,
                   sample->written);
    for (const char *text = sample->written; *text != '\0';) {
        uint32_t character;
        size_t length = utf8_decode(text, &character);
        bool line = *text == '\n' || (strcmp(sample->format, "csv") == 0 && strncmp(text, "\r\n", 2) == 0);
        bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
        bool hidden = character == 0x202e || character == 0x2028 || character >= 0xe000;
        if (length == 0 || (!line && (control || hidden)))
            cr_assert_fail("%s in %s: %#x at %td", sample->what, sample->format, character, text - sample->written);
        text += length;
    }
}

static void check_json(const struct sample *sample)
{
    json_t *report = format_parse(sample->written);
    char *shown = escape_utf8(sample->name);
    cr_expect_eq(json_array_size(format_at(report, "findings")), 1);
    const char *frame = format_text_at(report, "findings/0/stacks/0/frames/0/function");
    cr_expect_eq(strcmp(frame, shown), 0, "JSON keeps every byte: %s", frame);
    free(shown);
    char *cut = strndup(sample->name, THREAD_NAME_MOST);
    shown = escape_utf8(cut);
    const char *thread = format_text_at(report, "findings/0/stacks/0/thread_name");
    cr_expect_eq(strcmp(thread, shown), 0, "JSON keeps every byte: %s", thread);
    free(shown);
    free(cut);
    json_decref(report);
}

static void check_sarif(const struct sample *sample)
{
    json_t *log = format_parse(sample->written);
    cr_expect_eq(json_array_size(format_at(log, "runs/0/results")), 1);
    const char *uri = format_text_at(log, "runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri");
    cr_expect_eq(strspn(uri, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%:"), strlen(uri),
                 "'%s' is no URI", uri);
    const char *words = format_text_at(log, "runs/0/results/0/message/text");
    cr_expect(strstr(words, "[a](") == NULL && strstr(words, " {0}") == NULL, "%s", words);
    json_decref(log);
}

static void check_gitlab(const struct sample *sample)
{
    json_t *list = format_parse(sample->written);
    cr_expect_eq(json_array_size(list), 1);
    json_decref(list);
}

static void check_github(const struct sample *sample)
{
    struct format_command command;
    char *line = strndup(sample->written, strcspn(sample->written, "\n")), *shown = escape_text(sample->name);
    cr_assert(format_read_command(line, &command), "%s", line);
    cr_expect_str_eq(command.level, "error");
    cr_expect_str_eq(command.title, "leak-at-exit");
    cr_expect_eq(strncmp(command.file, shown, sizeof(command.file) - 1), 0, "'%s' is not '%s'", command.file, shown);
    cr_expect_str_eq(command.line, "9");
    cr_expect(strlen(sample->name) > 200 || strstr(command.data, shown) != NULL, "'%s' is not in '%s'", shown,
              command.data);
    free(shown);
    free(command.data);
    free(line);
}

static void check_csv(const struct sample *sample)
{
    json_t *rows = format_csv_rows(sample->path);
    const char *column;
    json_t *cell;
    cr_expect_eq(json_array_size(rows), 1);
    json_object_foreach (json_array_get(rows, 0), column, cell)
        cr_expect(json_string_length(cell) == 0 || strchr("=+-@", json_string_value(cell)[0]) == NULL,
                  "%s calculates: %s", column, json_string_value(cell));
    json_decref(rows);
}

static void check_junit(const struct sample *sample)
{
    format_expect_xpath(sample->path, "count(//*) = 3 + count(//failure)", "true");
    format_expect_xpath(sample->path, "count(//failure)", "1");
    format_expect_xpath(sample->path, "count(//comment() | //processing-instruction())", "0");
}

static void check_text(const struct sample *sample)
{
    cr_expect_eq(strncmp(sample->written, "error: file \"", 13), 0, "%s", sample->written);
    char thread[8 + THREAD_NAME_MOST];
    snprintf(thread, sizeof(thread), " \"%.*s\":", THREAD_NAME_MOST, sample->name);
    char *shown = escape_text(thread);
    cr_expect_not_null(strstr(sample->written, shown), "%s: '%s' is not in '%s'", sample->what, shown, sample->written);
    free(shown);
}

/* The page has scripts of its own, and what it was told stands in one block without a single '<'. */
static void check_html(const struct sample *sample)
{
    cr_expect_null(strstr(sample->written, "<script>alert"), "%s", sample->what);
    cr_expect_null(strstr(sample->written, "<img"), "%s", sample->what);
    const char *data = strstr(sample->written, "application/json");
    cr_assert_not_null(data);
    data = strchr(data, '>') + 1;
    cr_expect_eq(strncmp(strchr(data, '<'), "</script>", 9), 0, "%s: the block of data ends early", sample->what);
}

/* A line a stack, of what it opened and of what it was given: frames, a blank, a number. A name makes no line of its own. */
static void check_folded(const struct sample *sample)
{
    size_t lines = 0;
    for (const char *line = sample->written, *end; *line != '\0'; line = end + 1, lines++) {
        end = strchr(line, '\n');
        cr_assert_not_null(end, "%s: %s", sample->what, line);
        const char *digit = end;
        while (digit > line && digit[-1] >= '0' && digit[-1] <= '9')
            digit--;
        cr_expect(digit < end && digit > line && digit[-1] == ' ', "%s: %.*s", sample->what, (int)(end - line), line);
    }
    cr_expect_eq(lines, 2, "%s: %s", sample->what, sample->written);
}

/* A line an event with its nine columns and more, or a heading: a name makes neither lines nor columns. */
static void check_events(const struct sample *sample)
{
    size_t births = 0;
    for (const char *line = sample->written, *end; *line != '\0'; line = end + 1) {
        double seconds;
        int process, thread, read = 0;
        char event[16] = "", call[64] = "";
        end = strchr(line, '\n');
        cr_assert_not_null(end, "%s: %s", sample->what, line);
        if (*line != '#')
            read = sscanf(line, "%lf %d %*s %d %*s %15s %63s", &seconds, &process, &thread, event, call);
        cr_expect(*line == '#' || read == 5, "%s: %.*s", sample->what, (int)(end - line), line);
        births += strcmp(event, "birth") == 0 && strcmp(call, "open") == 0;
    }
    cr_expect_eq(births, 1, "%s: %s", sample->what, sample->written);
}

static void check_object(const struct sample *sample)
{
    json_t *document = format_parse(sample->written);
    cr_expect(json_is_object(document));
    json_decref(document);
}

/* Of the tags that stand in it only those of a table. */
static void check_summary(const struct sample *sample)
{
    static const char *const tags[] = {"<table>", "</table>", "<tr>", "</tr>", "<th>", "</th>", "<td>", "</td>"};
    for (const char *tag = sample->written; (tag = strchr(tag, '<')) != NULL; tag++) {
        bool known = false;
        for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
            known |= strncmp(tag, tags[i], strlen(tags[i])) == 0;
        cr_expect(known, "in the summary: %.40s", tag);
    }
}

static struct sample read_sample(size_t row, const char *name, const char *format)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", session, format);
    return (struct sample){hostile[row].what, name, format, path, format_read_file(path)};
}

Test(formats_hostile, names_are_inert_in_every_format)
{
    static void (*const checks[FORMATS])(const struct sample *sample) = {
        check_text, check_json, check_sarif, check_junit, check_github, check_gitlab, check_csv, check_html,
        check_folded, check_object, check_object, check_events, check_summary};
    for (size_t row = 0; row < sizeof(hostile) / sizeof(hostile[0]); row++) {
        char *name = hostile_name(row, LONGEST);
        report_hostile(row);
        for (size_t i = 0; i < FORMATS; i++) {
            struct sample sample = read_sample(row, name, formats[i]);
            expect_printable(&sample);
            checks[i](&sample);
            free(sample.written);
        }
        free(name);
    }
}
