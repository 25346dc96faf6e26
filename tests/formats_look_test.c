/* Formats to look at: what each says of one small story, and of hostile names. */
#include "report.h"
#include "segment_maker.h"
#include "support.h"

#include <criterion/criterion.h>
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

TestSuite(formats_look, .init = begin, .fini = end);

#define HOSTILE "/tmp/</script><img id=owned src=x>\xe2\x80\xae\033[31m;\xff\n"

/* Two files and a hostile one open at the end, one closed, and an inherited one that nobody saw being born. */
static void tell_story(void)
{
    uint32_t load = maker_site_at(&maker, "open", 0x100), serve = maker_site_at(&maker, "accept", 0x200);
    maker_birth(&maker, 0, 0, FDT_TTY, "/dev/tty", FDT_INHERITED);
    maker_birth(&maker, 3, load, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_birth(&maker, 4, load, FDT_FILE, HOSTILE, FDT_CLOEXEC);
    maker_birth(&maker, 5, serve, FDT_SOCKET_INET, "127.0.0.1:80", FDT_CLOEXEC);
    maker_death(&maker, 5, maker_site_at(&maker, "close", 0x300));
}

static void write_segment(int pid)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%d.%u.fdt", session, pid, maker.header->image);
    cr_assert_eq(maker_write(&maker, path), 0);
}

/* The report in a format; malloc'd. */
static char *report_as(const char *format)
{
    char *text = NULL;
    size_t size = 0;
    struct report_options options;
    struct report_result result;
    FILE *out = open_memstream(&text, &size);
    cr_assert_eq(report_options_init(&options, out), 0);
    cr_assert_eq(report_option(&options, REPORT_OPTION_FIRST, format), 0, "%s", options.error);
    cr_assert_eq(report_session((const char *const[]){session}, 1, &options, &result), 0, "%s", result.error);
    report_options_free(&options);
    fclose(out);
    return text;
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(value, "%s at byte %d", error.text, error.position);
    return value;
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    cr_assert_not_null(text, "\"%s\" is no string", key);
    return text;
}

static json_int_t number_at(const json_t *array, size_t index)
{
    return json_integer_value(json_array_get(array, index));
}

/* The block of data in a page; malloc'd. */
static char *data_of(const char *page)
{
    static const char mark[] = "id=\"data\">";
    const char *from = strstr(page, mark);
    cr_assert_not_null(from);
    from += sizeof(mark) - 1;
    const char *to = strstr(from, "</script>");
    cr_assert_not_null(to);
    return strndup(from, (size_t)(to - from));
}

Test(formats_look, html_is_one_page_with_one_block_of_data)
{
    tell_story();
    maker_exit(&maker, 0);
    write_segment(42);
    char *page = report_as("html"), *block = data_of(page);
    cr_assert_eq(strncmp(page, "<!DOCTYPE html>", 15), 0);
    cr_assert_null(strstr(page, "@data@"));
    cr_assert_null(strstr(page, "@style@"));
    cr_assert_null(strstr(page, "@script@"));
    cr_assert_null(strstr(page, "innerHTML"));
    cr_assert_null(strstr(page, "://"), "the page asks the network for something");
    cr_assert_str_eq(page + strlen(page) - 8, "</html>\n");
    json_t *data = parse(block);
    cr_assert_str_eq(text_at(json_object_get(data, "report"), "schema"), "fdtrace-report/1");
    cr_assert_eq(json_array_size(json_object_get(data, "spans")), 1);
    const json_t *lives = json_object_get(data, "lifetimes");
    cr_assert_eq(json_array_size(lives), 4);
    const json_t *closed = json_array_get(lives, 3); /* those that are open go first */
    cr_assert_eq(number_at(closed, 1), 5);
    cr_assert_str_eq(json_string_value(json_array_get(closed, 2)), "closed");
    cr_assert_float_eq(json_real_value(json_array_get(closed, 6)), 0.004, 1e-9);
    cr_assert_float_eq(json_real_value(json_array_get(closed, 7)), 0.005, 1e-9);
    json_decref(data);
    free(block);
    free(page);
}

Test(formats_look, html_names_are_no_markup)
{
    tell_story();
    strcpy(maker.header->exe, "/srv/</script><script>");
    maker_exit(&maker, 0);
    write_segment(42);
    char *page = report_as("html"), *block = data_of(page);
    cr_assert_null(strchr(block, '<'));
    cr_assert_not_null(strstr(block, "\\u003c/script>\\u003cimg id=owned"));
    json_t *data = parse(block);
    const json_t *life = json_array_get(json_object_get(data, "lifetimes"), 2);
    cr_assert_not_null(strstr(json_string_value(json_array_get(life, 4)), "</script><img id=owned src=x>"));
    json_decref(data);
    free(block);
    free(page);
}

/* What a reader could do with the page, done by a script at its end; what came of it, in attributes of its body. */
static const char visit[] =
    "<script>\n"
    "const all = words => [...document.querySelectorAll(words)];\n"
    "all('th button').forEach(one => { one.click(); one.click(); });\n"
    "all('.tools button').forEach(one => one.click());\n"
    "all('.frame').slice(-1).forEach(one => one.click());\n"
    "document.body.dataset.rows = all('#descriptor-table tbody tr').length;\n"
    "document.body.dataset.cards = all('.finding').length;\n"
    "document.body.dataset.frames = all('.frame').length;\n"
    "document.body.dataset.bars = all('.row .bar').length;\n"
    "document.body.dataset.nodes = all('.node').length;\n"
    "document.body.dataset.strangers = all('img, iframe, #owned').length;\n"
    "document.body.dataset.wide = document.documentElement.scrollWidth > innerWidth;\n"
    "</script></body>";

static void expect_visit(const char *dom, const char *attribute)
{
    cr_expect_not_null(strstr(dom, attribute), "no %s in %.400s", attribute, strstr(dom, "<body"));
}

/* scripts/check-html.sh runs this, and shows the page to people. */
Test(formats_look, html_works_in_a_browser, .timeout = 120)
{
    if (!have_program("chromium"))
        cr_skip_test("there is no chromium");
    tell_story();
    maker_exit(&maker, 0);
    write_segment(42);
    char *page = report_as("html"), *stop = strstr(page, "</body>");
    char path[256], url[300], profile[300];
    snprintf(path, sizeof(path), "%s/page.html", session);
    snprintf(url, sizeof(url), "file://%s", path);
    snprintf(profile, sizeof(profile), "--user-data-dir=%s/profile", session);
    FILE *file = fopen(path, "we");
    cr_assert_not_null(file);
    cr_assert_not_null(stop);
    fprintf(file, "%.*s%s%s", (int)(stop - page), page, visit, stop + strlen("</body>"));
    fclose(file);
    struct run how = {.argv = (const char *[]){"chromium", "--headless", "--no-sandbox", "--disable-gpu", profile,
                                               "--window-size=400,900", "--enable-logging=stderr", "--v=0",
                                               "--dump-dom", url, NULL}, .deadline = 100};
    struct outcome outcome = run(&how);
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    cr_expect_null(strstr(outcome.err, "CONSOLE"), "%s", outcome.err);
    expect_visit(outcome.out, "data-rows=\"3\"");
    expect_visit(outcome.out, "data-cards=\"1\"");
    expect_visit(outcome.out, "data-bars=\"4\"");
    expect_visit(outcome.out, "data-nodes=\"1\"");
    expect_visit(outcome.out, "data-strangers=\"0\"");
    expect_visit(outcome.out, "data-wide=\"false\"");
    cr_expect_null(strstr(outcome.out, "data-frames=\"0\""));
    cr_expect_not_null(strstr(outcome.out, "\\u{202e}\\u{1b}[31m"), "hidden characters are not shown");
    outcome_free(&outcome);
    free(page);
}

Test(formats_look, folded_stacks_weigh_what_is_open)
{
    tell_story();
    strcpy(maker.header->exe, "/srv/a;b\n");
    maker_exit(&maker, 0);
    write_segment(42);
    char *lines = report_as("folded");
    cr_assert_str_eq(lines, "a:b\\n;app+0x100;open 2\na:b\\n;(birth not seen) 1\n");
    free(lines);
}

Test(formats_look, events_tell_what_happened)
{
    tell_story();
    maker_thread(&maker, 4242, "wor ker");
    maker_birth(&maker, 5, maker_site_at(&maker, "pipe", 0x400), FDT_PIPE, NULL, 0);
    maker.ring[5].tid = 4242;
    maker.ring[5].other = 3;
    write_segment(42);
    char *lines = report_as("events");
    cr_assert_str_eq(lines,
        "#  seconds  process program        thread name         event    call           fd      what and where\n"
        "# process 42, app: 6 events, 0 before them overwritten\n"
        "    0.001000       42 app                42 -            birth    -              0       terminal \"/dev/tty\"\n"
        "    0.002000       42 app                42 -            birth    open           3       file \"/etc/passwd\" at /srv/app+0x100\n"
        "    0.003000       42 app                42 -            birth    open           4       file "
        "\"/tmp/</script><img id=owned src=x>\\u{202e}\\x1b[31m;\\xff\\n\" at /srv/app+0x100\n"
        "    0.004000       42 app                42 -            birth    accept         5       at /srv/app+0x200\n"
        "    0.005000       42 app                42 -            death    close          5       at /srv/app+0x300\n"
        "    0.007000       42 app              4242 wor_ker      birth    pipe           5#2     pipe end from 3 at /srv/app+0x400\n");
    free(lines);
}

/* An inherited lifetime is one descriptor, however many programs hold it. */
Test(formats_look, an_inherited_descriptor_counts_once)
{
    struct segment_maker child;
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/etc/passwd", 0);
    maker_exit(&maker, 0);
    write_segment(42);
    maker_begin(&child, 43, 1);
    child.header->how = FDT_HOW_FORK;
    child.header->predecessor_pid = 42;
    child.header->predecessor_image = 1;
    child.header->start_monotonic_ns = child.now = maker.header->end_ns - 500000;
    struct fdt_slot *slot = maker_birth(&child, 3, 0, FDT_FILE, "/etc/passwd", FDT_INHERITED);
    slot->life = maker.table[3].life;
    slot->life.site = 0;
    slot->life.root_pid = 42;
    slot->life.root_image = 1;
    slot->life.root_site = maker.table[3].life.site;
    slot->life.root_generation = slot->life.from_generation = 1;
    slot->life.from = 3;
    maker_exit(&child, 0);
    cr_assert_eq(maker_write(&child, text("%s/43.1.fdt", session)), 0);
    maker_free(&child);
    char *lines = report_as("folded");
    cr_assert_str_eq(lines, "app;app+0x100;open 1\n");
    free(lines);
}

/* What an exec closed is not open any more. */
Test(formats_look, folded_stacks_leave_out_what_an_exec_closed)
{
    maker_birth(&maker, 3, maker_site_at(&maker, "open", 0x100), FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_birth(&maker, 4, maker_site_at(&maker, "socket", 0x200), FDT_SOCKET_INET, NULL, 0);
    maker.header->state = FDT_STATE_EXECING;
    write_segment(42);
    char *lines = report_as("folded");
    cr_assert_str_eq(lines, "app;app+0x200;socket 1\n");
    free(lines);
}

Test(formats_look, speedscope_has_two_profiles_over_its_frames)
{
    tell_story();
    maker_exit(&maker, 0);
    write_segment(42);
    char *text = report_as("speedscope");
    json_t *document = parse(text), *profile, *sample, *frame;
    size_t frames = json_array_size(json_object_get(json_object_get(document, "shared"), "frames")), i, j, k;
    static const json_int_t totals[] = {3, 3};
    cr_assert_str_eq(text_at(document, "$schema"), "https://www.speedscope.app/file-format-schema.json");
    cr_assert_eq(json_array_size(json_object_get(document, "profiles")), 2);
    json_array_foreach(json_object_get(document, "profiles"), i, profile) {
        const json_t *weights = json_object_get(profile, "weights"), *samples = json_object_get(profile, "samples");
        json_int_t sum = 0;
        cr_assert_eq(json_array_size(weights), json_array_size(samples));
        json_array_foreach((json_t *)samples, j, sample) {
            sum += number_at(weights, j);
            json_array_foreach(sample, k, frame)
                cr_assert(json_integer_value(frame) >= 0 && (size_t)json_integer_value(frame) < frames);
        }
        cr_assert_eq(sum, totals[i]);
        cr_assert_eq(json_integer_value(json_object_get(profile, "endValue")), sum);
    }
    json_decref(document);
    free(text);
}

/* How many events fit; NULL fits any. */
static size_t count_events(const json_t *document, const char *phase, const char *name)
{
    size_t index, count = 0;
    json_t *event;
    json_array_foreach(json_object_get(document, "traceEvents"), index, event)
        count += strcmp(text_at(event, "ph"), phase) == 0 &&
                 (name == NULL || strcmp(text_at(event, "name"), name) == 0);
    return count;
}

Test(formats_look, trace_has_a_slice_for_each_lifetime_and_program)
{
    tell_story();
    maker_exit(&maker, 0);
    write_segment(42);
    char *text = report_as("trace");
    json_t *document = parse(text), *event;
    size_t index;
    cr_assert_eq(count_events(document, "X", NULL), 5);
    cr_assert_eq(count_events(document, "X", "app"), 1);
    cr_assert_eq(count_events(document, "M", "process_name"), 1);
    cr_assert_eq(count_events(document, "M", "thread_name"), 5);
    json_array_foreach(json_object_get(document, "traceEvents"), index, event)
        if (strcmp(text_at(event, "name"), "127.0.0.1:80") == 0) {
            cr_assert_float_eq(json_real_value(json_object_get(event, "ts")), 4000, 1e-6);
            cr_assert_float_eq(json_real_value(json_object_get(event, "dur")), 1000, 1e-6);
        }
    json_decref(document);
    free(text);
}

/* A number's earlier lifetimes are on its track, as far as the flight recorder knows them. */
Test(formats_look, trace_has_the_lifetimes_before_the_latest)
{
    uint32_t load = maker_site_at(&maker, "open", 0x100), drop = maker_site_at(&maker, "close", 0x200);
    for (int i = 0; i < 3; i++) {
        maker_birth(&maker, 3, load, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
        if (i != 1) /* that one was swept away, which no event of its own tells */
            maker_death(&maker, 3, drop);
    }
    maker_exit(&maker, 0);
    write_segment(42);
    char *text = report_as("trace");
    json_t *document = parse(text), *event;
    size_t index, seen = 0, unseen = 0;
    cr_assert_eq(count_events(document, "X", NULL), 4);
    cr_assert_eq(count_events(document, "X", "/etc/passwd"), 1);
    json_array_foreach(json_object_get(document, "traceEvents"), index, event)
        if (strcmp(text_at(event, "ph"), "X") == 0 && strcmp(text_at(event, "cat"), "past") == 0) {
            const json_t *details = json_object_get(event, "args");
            bool end = json_is_true(json_object_get(details, "end_seen"));
            cr_expect_str_eq(text_at(event, "name"), "open");
            cr_expect_str_eq(text_at(details, "born_at"), "?? /srv/app+0x100");
            cr_expect_eq(json_integer_value(json_object_get(details, "generation")), end ? 1 : 2);
            cr_expect_float_eq(json_real_value(json_object_get(event, "ts")), end ? 1000 : 3000, 1e-6);
            cr_expect_float_eq(json_real_value(json_object_get(event, "dur")), 1000, 1e-6);
            seen += end;
            unseen += !end;
        }
    cr_expect(seen == 1 && unseen == 1, "%zu and %zu", seen, unseen);
    json_decref(document);
    free(text);
}

/* A child that sends two descriptors to its parent: an arrow for the fork, and one for each of them. */
Test(formats_look, trace_has_arrows_for_forks_and_messages)
{
    char output[300];
    snprintf(output, sizeof(output), "trace:%s/trace.json", session);
    struct run how = {.argv = (const char *[]){built("fdtrace"), "run", "-o", output, "--",
                                               built("tests/victims/rights_leak"), NULL}};
    struct outcome outcome = run(&how);
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    json_error_t error;
    json_t *document = json_load_file(text("%s/trace.json", session), 0, &error);
    cr_assert_not_null(document, "%s", error.text);
    cr_expect_eq(count_events(document, "s", "message"), 2, "one for each descriptor");
    cr_expect_eq(count_events(document, "f", "message"), 2);
    cr_expect_eq(count_events(document, "s", "fork"), 1);
    cr_expect_eq(count_events(document, "f", "fork"), 1);
    json_decref(document);
    outcome_free(&outcome);
}

/* protoc knows the wire format by itself; packed numbers it shows as the bytes they are. */
/* A copy that is still told of its original; one whose original's number was used again has no arrow. */
Test(formats_look, trace_has_arrows_for_copies)
{
    maker_begin(&maker, 42, 1);
    uint32_t born = maker_site_at(&maker, "open", 0x100), copied = maker_site_at(&maker, "dup", 0x200);
    maker_birth(&maker, 3, born, FDT_FILE, "/etc/passwd", 0);
    for (int fd = 4; fd <= 5; fd++) {
        struct fdt_slot *copy = maker_birth(&maker, fd, copied, FDT_FILE, "/etc/passwd", 0);
        copy->life.from = 3;
        copy->life.from_generation = fd == 4 ? 1 : 7;
    }
    maker_exit(&maker, 0);
    write_segment(42);
    char *text = report_as("trace");
    json_t *document = parse(text);
    cr_expect_eq(count_events(document, "s", "dup"), 1);
    cr_expect_eq(count_events(document, "f", "dup"), 1);
    json_decref(document);
    free(text);
}

Test(formats_look, pprof_is_a_gzipped_protobuf)
{
    char command[600], *profile = NULL;
    tell_story();
    maker_birth(&maker, 6, maker_site_at(&maker, "accept", 0x200), FDT_SOCKET_INET, NULL, FDT_CLOEXEC);
    maker_death(&maker, 6, 0);
    maker_exit(&maker, 0);
    write_segment(42);
    struct report_options options;
    struct report_result result;
    cr_assert_eq(report_options_init(&options, stderr), 0);
    cr_assert(asprintf(&profile, "pprof:%s/profile.pb.gz", session) > 0);
    cr_assert_eq(report_option(&options, REPORT_OPTION_FIRST + 1, profile), 0, "%s", options.error);
    cr_assert_eq(report_session((const char *const[]){session}, 1, &options, &result), 0, "%s", result.error);
    report_options_free(&options);
    snprintf(command, sizeof(command), "zcat '%s/profile.pb.gz' | protoc --decode_raw", session);
    struct run how = {.argv = (const char *[]){"sh", "-c", command, NULL}};
    struct outcome outcome = run(&how);
    cr_assert_eq(outcome_code(&outcome), 0, "%s", outcome.err);
    cr_expect_not_null(strstr(outcome.out, "6: \"\"\n6: \"live\"\n6: \"count\"\n"), "%s", outcome.out);
    cr_expect_not_null(strstr(outcome.out, "  2: \"\\002\\002\"\n"), "two opened and open: %s", outcome.out);
    cr_expect_not_null(strstr(outcome.out, "  2: \"\\000\\002\"\n"), "two accepted and closed: %s", outcome.out);
    cr_expect_not_null(strstr(outcome.out, "  2: \"\\001\\000\"\n"), "one whose birth was not seen: %s", outcome.out);
    cr_expect_not_null(strstr(outcome.out, "6: \"/srv/app\"\n"), "%s", outcome.out);
    outcome_free(&outcome);
    free(profile);
}

/* Cut where depth= said, or where the unwinder was at its end: more depth cures only the former. */
Test(formats_look, text_says_why_a_stack_ends)
{
    unsetenv("FDTRACE_OPTIONS"); /* which may ask for no report, of these tests themselves */
    uint32_t site = maker_site_at(&maker, "open", 0x100);
    maker.sites[site].flags = FDT_SITE_CUT;
    maker_birth(&maker, 3, site, FDT_FILE, "/etc/passwd", FDT_CLOEXEC);
    maker_exit(&maker, 0);
    write_segment(42);
    char *text = report_as("text");
    cr_expect_not_null(strstr(text, "could not be followed further"), "%s", text);
    cr_expect_null(strstr(text, "depth="), "%s", text);
    free(text);
    maker.header->depth = maker.sites[site].depth;
    write_segment(42);
    text = report_as("text");
    cr_expect_null(strstr(text, "could not be followed further"), "%s", text);
    cr_expect_not_null(strstr(text, "depth="), "%s", text);
    free(text);
}
