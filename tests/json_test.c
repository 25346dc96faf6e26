/* --format json: one object that any JSON parser reads, with the names and meanings of the contract. */
#include "out/json_values.h"
#include "report.h"
#include "segment_maker.h"
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *session;
static struct segment_maker maker;

static void begin(void)
{
    session = scratch_make();
    maker_begin(&maker, 42, 1);
}

static void end(void)
{
    maker_free(&maker);
    scratch_remove(session);
}

TestSuite(json, .init = begin, .fini = end);

/* The report of the image under construction, parsed. */
static json_t *report(void)
{
    char path[256], *text = NULL;
    size_t size = 0;
    struct report_options options;
    struct report_result result;
    snprintf(path, sizeof(path), "%s/42.1.fdt", session);
    cr_assert_eq(maker_write(&maker, path), 0);
    FILE *out = open_memstream(&text, &size);
    cr_assert_eq(report_options_init(&options, out), 0);
    cr_assert_eq(report_option(&options, REPORT_OPTION_FIRST, "json"), 0, "%s", options.error);
    cr_assert_eq(report_session((const char *const[]){session}, 1, &options, &result), 0, "%s", result.error);
    report_options_free(&options);
    fclose(out);
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(value, "%s at byte %d of %s", error.text, error.position, text);
    for (const char *byte = text; *byte != '\0'; byte++)
        cr_assert((*byte >= ' ' && *byte < 0x7f) || *byte == '\n', "byte %td is not plain ASCII", byte - text);
    free(text);
    return value;
}

/* Every key of the list must be there. */
static void expect_keys(const json_t *object, const char *const *keys)
{
    cr_assert(json_is_object(object));
    for (; *keys != NULL; keys++)
        cr_assert_not_null(json_object_get(object, *keys), "no \"%s\"", *keys);
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    cr_assert_not_null(text, "\"%s\" is no string", key);
    return text;
}

Test(json, has_every_name_of_the_contract)
{
    static const char *const top[] = {"schema", "command", "images", "findings", "suppressed", NULL};
    static const char *const image_keys[] = {"id",  "pid",  "ppid",   "predecessor", "how",         "exe",
                                             "argv", "traced", "end", "open_at_end", "counts", NULL};
    static const char *const counts[] = {"births", "deaths", "peak", "events", "dropped", NULL};
    static const char *const finding_keys[] = {"rule",    "severity",   "image",       "pid",         "images", "count",
                                               "message", "suggestion", "fingerprint", "descriptors", "stacks", NULL};
    static const char *const descriptor[] = {"fd",    "kind",  "name", "call", "cloexec", "state",
                                             "owner", "born", "age",  "lineage", NULL};
    static const char *const stack[] = {"role", "call", "thread", "time", "frames", NULL};
    static const char *const frame[] = {"function", "file", "line", "module", "build_id", "offset", "inlined", NULL};
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/etc/passwd", FDT_CLOEXEC)->life.owner =
        FDT_OWNER_STREAM;
    maker_exit(&maker, 3);
    json_t *document = report();
    expect_keys(document, top);
    cr_assert_str_eq(text_at(document, "schema"), "fdtrace-report/1");
    cr_assert_str_eq(json_string_value(json_array_get(json_object_get(document, "command"), 1)), "arg");
    const json_t *image = json_array_get(json_object_get(document, "images"), 0);
    expect_keys(image, image_keys);
    expect_keys(json_object_get(image, "counts"), counts);
    cr_assert_str_eq(text_at(json_object_get(image, "end"), "how"), "exit");
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(image, "end"), "status")), 3);
    const json_t *open = json_array_get(json_object_get(image, "open_at_end"), 0);
    expect_keys(open, descriptor);
    cr_assert_str_eq(text_at(open, "kind"), "file");
    cr_assert_str_eq(text_at(open, "owner"), "FILE");
    cr_assert(json_is_true(json_object_get(open, "cloexec")));
    cr_assert_float_eq(json_real_value(json_object_get(open, "born")), 0.001, 1e-9);
    cr_assert_float_eq(json_real_value(json_object_get(open, "age")), 0.001, 1e-9);
    const json_t *finding = json_array_get(json_object_get(document, "findings"), 0);
    expect_keys(finding, finding_keys);
    cr_assert_eq(strlen(text_at(finding, "fingerprint")), 16);
    const json_t *birth = json_array_get(json_object_get(finding, "stacks"), 0);
    expect_keys(birth, stack);
    cr_assert_str_eq(text_at(birth, "role"), "birth");
    expect_keys(json_array_get(json_object_get(birth, "frames"), 0), frame);
    json_decref(document);
}

Test(json, any_name_is_valid_json)
{
    static const char *const names[] = {"\xff\xfe",     "a\033[31m\"\\", "\xc0\xaf",
                                        "\xed\xa0\x80", "caf\xc3\xa9",    "\x01\x7f"};
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    for (int i = 0; i < 6; i++)
        maker_birth(&maker, 3 + i, site, FDT_FILE, names[i], FDT_CLOEXEC);
    strcpy(maker.header->exe, "/srv/\xff\n");
    maker_exit(&maker, 0);
    json_t *document = report();
    const json_t *open = json_object_get(json_array_get(json_object_get(document, "images"), 0), "open_at_end");
    cr_assert_str_eq(text_at(json_array_get(open, 0), "name"), "\\xff\\xfe");
    cr_assert_str_eq(text_at(json_array_get(open, 1), "name"), names[1]);
    cr_assert_str_eq(text_at(json_array_get(open, 4), "name"), names[4]);
    json_decref(document);
}

Test(json, notes_and_the_first_three_numbers_are_listed)
{
    maker_birth(&maker, 0, 0, FDT_TTY, "/dev/tty", FDT_INHERITED);
    maker_birth(&maker, 5, maker_site_at(&maker, "socket", 0x100), FDT_SOCKET_UNIX, NULL, 0);
    maker_death(&maker, 5, maker_site_at(&maker, "close", 0x200));
    maker_exit(&maker, 0);
    json_t *document = report();
    const json_t *open = json_object_get(json_array_get(json_object_get(document, "images"), 0), "open_at_end");
    cr_assert_eq(json_array_size(open), 1);
    cr_assert_str_eq(text_at(json_array_get(open, 0), "state"), "inherited");
    cr_assert(json_is_null(json_object_get(json_array_get(open, 0), "call")));
    const json_t *findings = json_object_get(document, "findings");
    cr_assert_eq(json_array_size(findings), 1);
    cr_assert_str_eq(text_at(json_array_get(findings, 0), "rule"), "missing-cloexec");
    json_decref(document);
}

Test(json, a_kind_is_never_unasked)
{
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    static const struct { const char *name, *kind; } rows[] = {
        {"/etc/passwd", "file"}, {"/etc", "dir"}, {"/dev/null", "chardev"}, {"/nowhere/at/all", "file"}, {"", "file"}};
    for (int i = 0; i < 5; i++)
        maker_birth(&maker, 3 + i, site, FDT_UNASKED, rows[i].name, FDT_CLOEXEC);
    maker_exit(&maker, 0);
    json_t *document = report();
    const json_t *open = json_object_get(json_array_get(json_object_get(document, "images"), 0), "open_at_end");
    for (size_t i = 0; i < 5; i++)
        cr_assert_str_eq(text_at(json_array_get(open, i), "kind"), rows[i].kind, "%s", rows[i].name);
    json_decref(document);
}

Test(json, a_duplicate_tells_where_it_came_from)
{
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, NULL, FDT_CLOEXEC);
    struct fdt_slot *copy = maker_birth(&maker, 4, maker_site_at(&maker, "dup", 0x200), FDT_FILE, NULL, FDT_CLOEXEC);
    copy->life.from = 3;
    copy->life.from_generation = 1;
    maker_exit(&maker, 0);
    json_t *document = report();
    const json_t *open = json_object_get(json_array_get(json_object_get(document, "images"), 0), "open_at_end");
    const json_t *step = json_array_get(json_object_get(json_array_get(open, 1), "lineage"), 0);
    cr_assert_str_eq(text_at(step, "how"), "dup");
    cr_assert_eq(json_integer_value(json_object_get(step, "fd")), 3);
    cr_assert_eq(json_array_size(json_object_get(json_array_get(open, 0), "lineage")), 0);
    json_decref(document);
}
