/*
 * --format junit: the XML that build servers read as results of tests. A suite is a program; a test case a finding of
 * it, which fails unless it is a note; a program without findings passes one test case, as a suite without any looks
 * broken.
 *
 * Names of test cases hold no numbers that change from run to run, so that servers can follow one through time.
 */
#include "escape.h"
#include "out/ordinal.h"
#include "out/place.h"
#include "out/story.h"
#include "out/writer.h"
#include "rule.h"
#include "words.h"

#include <errno.h>
#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>

/* A finding on its way into the suite of its program. */
struct test_case {
    const struct finding *finding;
    const char *exe;
    size_t order, ordinal;
};

struct junit {
    xmlTextWriterPtr xml;
    struct checkout checkout;
    struct test_case *cases; /* sorted by program */
    size_t case_count;
    const struct image **programs; /* the first image of each, sorted alike */
    size_t program_count;
    bool failed; /* out of memory, or the stream broke, which its owner sees */
};

static void open_element(struct junit *junit, const char *name)
{
    junit->failed |= xmlTextWriterStartElement(junit->xml, BAD_CAST name) < 0;
}

static void close_element(struct junit *junit)
{
    junit->failed |= xmlTextWriterEndElement(junit->xml) < 0;
}

/* value is raw. The library writes what XML gives a meaning to as entities; what XML must not hold is up to us. */
static void put_attribute(struct junit *junit, const char *name, const char *value)
{
    char *safe = escape_text(value);
    junit->failed |=
        safe == NULL || xmlTextWriterWriteAttribute(junit->xml, BAD_CAST name, BAD_CAST safe) < 0;
    free(safe);
}

static void put_number(struct junit *junit, const char *name, size_t number)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%zu", number);
    put_attribute(junit, name, digits);
}

static void put_stack(FILE *out, const struct finding *finding, const struct finding_stack *stack)
{
    char *event = place_event_text(finding, stack);
    fprintf(out, "%s\n", event != NULL ? event : stack->role);
    free(event);
    for (size_t i = 0; i < stack->stack.count; i++) {
        const struct model_frame *frame = &stack->stack.frames[i];
        fputs("    ", out);
        escape_print(out, frame->function != NULL ? frame->function : "??");
        fputs("  ", out);
        story_location(out, frame, stack->image->cwd);
        putc('\n', out);
    }
}

/* What a person wants to read of a finding: lines of escaped text. */
static void put_body(FILE *out, const struct finding *finding)
{
    const struct image *image = finding->images[0];
    size_t count = 0; /* of this image: numbers of others mean something else */
    while (count < finding->descriptor_count && finding->descriptors[count].image == image)
        count++;
    escape_print(out, finding->message);
    putc('\n', out);
    if (count > 0 && finding->descriptors[0].fd >= 0) {
        fputs(count > 1 ? "descriptors " : "descriptor ", out);
        words_numbers(out, finding->descriptors, count);
        fprintf(out, " of process %d%s\n", image->pid, finding->image_count > 1 ? " and others" : "");
    }
    for (size_t i = 0; i < finding->stack_count; i++)
        put_stack(out, finding, &finding->stacks[i]);
    if (finding->suggestion[0] != '\0') {
        fputs("help: ", out);
        escape_print(out, finding->suggestion);
        putc('\n', out);
    }
}

static void put_text(struct junit *junit, const struct finding *finding)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out != NULL) {
        put_body(out, finding);
        out = fclose(out) == 0 ? out : NULL;
    }
    junit->failed |= out == NULL || xmlTextWriterWriteString(junit->xml, BAD_CAST text) < 0;
    free(text);
}

static void put_name(struct junit *junit, const struct test_case *test)
{
    const struct finding *finding = test->finding;
    char *name = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&name, &size);
    if (out != NULL) {
        fputs(finding->rule->id, out);
        words_place(out, finding, finding->stack_count > 0 ? &finding->stacks[0] : NULL);
        fprintf(out, " [%016llx]", (unsigned long long)finding->fingerprint);
        if (test->ordinal > 0)
            fprintf(out, " #%zu", test->ordinal + 1);
        out = fclose(out) == 0 ? out : NULL;
    }
    if (out != NULL)
        put_attribute(junit, "name", name);
    junit->failed |= out == NULL;
    free(name);
}

static void put_case(struct junit *junit, const struct test_case *test)
{
    const struct finding *finding = test->finding;
    bool fails = finding->rule->severity != SEVERITY_NOTE;
    struct place place = place_of(&junit->checkout, finding);
    open_element(junit, "testcase");
    put_attribute(junit, "classname", finding->images[0]->program);
    put_name(junit, test);
    if (place.file != NULL)
        put_attribute(junit, "file", place.file);
    if (place.line > 0)
        put_number(junit, "line", place.line);
    place_free(&place);
    open_element(junit, fails ? "failure" : "system-out");
    if (fails) {
        put_attribute(junit, "message", finding->message);
        put_attribute(junit, "type", finding->rule->id);
    }
    put_text(junit, finding);
    close_element(junit);
    close_element(junit);
}

/* The cases from `first` on that are of this program. Returns where the next one's begin. */
static size_t put_suite(struct junit *junit, const struct image *program, size_t first)
{
    size_t end = first, failures = 0;
    for (; end < junit->case_count && strcmp(junit->cases[end].exe, program->exe) == 0; end++)
        failures += junit->cases[end].finding->rule->severity != SEVERITY_NOTE;
    open_element(junit, "testsuite");
    put_attribute(junit, "name", program->exe[0] != '\0' ? program->exe : "an unknown program");
    put_number(junit, "tests", end > first ? end - first : 1);
    put_number(junit, "failures", failures);
    put_number(junit, "errors", 0);
    for (size_t i = first; i < end; i++)
        put_case(junit, &junit->cases[i]);
    if (end == first) {
        open_element(junit, "testcase");
        put_attribute(junit, "classname", program->program);
        put_attribute(junit, "name", "no findings");
        close_element(junit);
    }
    close_element(junit);
    return end;
}

/* A recording with holes must not look like tests that passed. */
static void put_unrecorded(struct junit *junit)
{
    open_element(junit, "testsuite");
    put_attribute(junit, "name", "fdtrace");
    put_number(junit, "tests", 1);
    put_number(junit, "failures", 0);
    put_number(junit, "errors", 1);
    open_element(junit, "testcase");
    put_attribute(junit, "classname", "fdtrace");
    put_attribute(junit, "name", "everything was recorded");
    open_element(junit, "error");
    put_attribute(junit, "message", UNRECORDED_WORDS);
    close_element(junit);
    close_element(junit);
    close_element(junit);
}

static void put_suites(struct junit *junit, const struct report_view *view)
{
    size_t failures = 0, tests = 0, next = 0;
    for (size_t i = 0, first = 0; i < junit->program_count; i++, first = next) {
        for (; next < junit->case_count && strcmp(junit->cases[next].exe, junit->programs[i]->exe) == 0; next++)
            failures += junit->cases[next].finding->rule->severity != SEVERITY_NOTE;
        tests += next > first ? next - first : 1;
    }
    open_element(junit, "testsuites");
    put_attribute(junit, "name", "fdtrace");
    put_number(junit, "tests", tests + view->result->unrecorded);
    put_number(junit, "failures", failures);
    put_number(junit, "errors", view->result->unrecorded);
    if (view->result->unrecorded)
        put_unrecorded(junit);
    for (size_t i = 0, first = 0; i < junit->program_count; i++)
        first = put_suite(junit, junit->programs[i], first);
    close_element(junit);
}

static int by_program(const void *left, const void *right)
{
    const struct image *a = *(const struct image *const *)left, *b = *(const struct image *const *)right;
    int order = strcmp(a->exe, b->exe);
    return order != 0 ? order : a->id < b->id ? -1 : a->id > b->id;
}

static int by_program_and_order(const void *left, const void *right)
{
    const struct test_case *a = left, *b = right;
    int order = strcmp(a->exe, b->exe);
    return order != 0 ? order : a->order < b->order ? -1 : a->order > b->order;
}

/* Which programs there are, and which findings belong to each. False: out of memory. */
static bool gather(struct junit *junit, const struct report_view *view)
{
    const struct model *model = view->model;
    size_t *ordinals = finding_ordinals(view->findings);
    junit->cases = calloc(view->findings->count + 1, sizeof(*junit->cases));
    junit->programs = calloc(model->image_count + 1, sizeof(*junit->programs));
    if (junit->cases == NULL || junit->programs == NULL || ordinals == NULL) {
        free(ordinals);
        return false;
    }
    junit->case_count = view->findings->count;
    for (size_t i = 0; i < junit->case_count; i++) {
        const struct finding *finding = view->findings->items[i];
        junit->cases[i] = (struct test_case){finding, finding->images[0]->exe, i, ordinals[i]};
    }
    free(ordinals);
    qsort(junit->cases, junit->case_count, sizeof(*junit->cases), by_program_and_order);
    for (size_t i = 0; i < model->image_count; i++)
        junit->programs[i] = &model->images[i];
    qsort(junit->programs, model->image_count, sizeof(*junit->programs), by_program);
    for (size_t i = 0; i < model->image_count; i++)
        if (i == 0 || strcmp(junit->programs[i]->exe, junit->programs[i - 1]->exe) != 0)
            junit->programs[junit->program_count++] = junit->programs[i];
    return true;
}

static int write_junit(FILE *out, const struct report_view *view)
{
    struct junit junit = {.failed = false};
    xmlOutputBufferPtr buffer = xmlOutputBufferCreateFile(out, NULL);
    junit.xml = buffer != NULL ? xmlNewTextWriter(buffer) : NULL;
    if (junit.xml == NULL) {
        if (buffer != NULL)
            xmlOutputBufferClose(buffer);
        return -ENOMEM;
    }
    checkout_find(&junit.checkout);
    junit.failed = !gather(&junit, view);
    if (!junit.failed) {
        xmlTextWriterSetIndent(junit.xml, 1);
        junit.failed |= xmlTextWriterStartDocument(junit.xml, NULL, "UTF-8", NULL) < 0;
        put_suites(&junit, view);
        junit.failed |= xmlTextWriterEndDocument(junit.xml) < 0;
    }
    xmlFreeTextWriter(junit.xml); /* flushes, and leaves the stream open */
    checkout_free(&junit.checkout);
    free(junit.programs);
    free(junit.cases);
    return junit.failed && !ferror(out) ? -ENOMEM : 0;
}

const struct writer writer_junit = {"junit", write_junit};
