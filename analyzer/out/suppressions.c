/*
 * --gen-suppressions: for each finding a block that fits it, ready to be put into a file; the message stands above it
 * as a comment. Frames are named by their functions, so that the block lives through edits and rebuilds; where a
 * function has no name its module stands in. How programs and threads begin is left out.
 */
#include "escape.h"
#include "out/place.h"
#include "out/writer.h"
#include "path.h"
#include "rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_MOST = 24 };

/* Would a terminal show this character as itself? */
static bool is_harmless(const char *text, size_t length)
{
    char one[8] = "", *shown = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&shown, &size);
    if (out == NULL)
        return false;
    memcpy(one, text, length);
    escape_print(out, one);
    bool same = fclose(out) == 0 && strcmp(shown, one) == 0;
    free(shown);
    return same;
}

/*
 * Text that stands for itself in a glob: whatever a list of frames, a line or a terminal would take otherwise is a `?`
 * for each of its bytes, which is what a `?` fits.
 */
static void put_literal(FILE *out, const char *text)
{
    for (size_t length, i = 0; text[i] != '\0'; i += length) {
        uint32_t character;
        length = utf8_decode(text + i, &character);
        bool outer = i == 0 || text[i + 1] == '\0'; /* a space there would be trimmed */
        if (length == 0 || text[i] == ';' || (text[i] == ' ' && outer) || !is_harmless(text + i, length)) {
            length = length > 0 ? length : 1;
            fprintf(out, "%.*s", (int)length, "????");
        } else {
            fprintf(out, "%s%.*s", strchr("*?[]\\", text[i]) != NULL ? "\\" : "", (int)length, text + i);
        }
    }
}

/* The frames worth naming: up to the outermost that has a function of its own. */
static size_t count_frames(const struct model_stack *stack)
{
    size_t count = stack->count;
    while (count > 0 && (stack->frames[count - 1].function == NULL || is_startup(stack->frames[count - 1].function)))
        count--;
    return count > 0 ? count : stack->count;
}

static void put_frames(FILE *out, const struct model_stack *stack)
{
    size_t count = count_frames(stack);
    const char *separator = "frames=";
    bool gap = false;
    for (size_t i = 0; i < count && i < FRAMES_MOST; i++) {
        const struct model_frame *frame = &stack->frames[i];
        const char *text = frame->function != NULL ? frame->function : path_last(frame->module);
        if (text == NULL || *text == '\0') {
            if (!gap)
                fprintf(out, "%s...", separator);
            gap = true;
        } else {
            fputs(separator, out);
            put_literal(out, text);
            gap = false;
        }
        separator = ";";
    }
    if (count > 0)
        putc('\n', out);
}

/* What is known of the block's name is the reader's alone: ']' would end it. */
static void put_name(FILE *out, const struct finding *finding, const struct finding_stack *stack)
{
    const struct model_frame *frame = stack != NULL ? finding_own_frame(finding, &stack->stack) : NULL;
    fprintf(out, "[%s", finding->rule->id);
    if (frame != NULL && frame->function != NULL) {
        fputs(" in ", out);
        escape_print(out, frame->function);
    }
    fputs("]\n", out);
}

static void put_block(FILE *out, const struct finding *finding)
{
    const struct finding_stack *stack = finding->stack_count > 0 ? &finding->stacks[0] : NULL;
    const char *program = finding->images[0]->program;
    fputs("# ", out);
    escape_print(out, finding->message);
    putc('\n', out);
    put_name(out, finding, stack);
    fprintf(out, "rule=%s\n", finding->rule->id);
    if (*program != '\0') {
        fputs("program=", out);
        put_literal(out, program);
        putc('\n', out);
    }
    if (stack != NULL)
        put_frames(out, &stack->stack);
    putc('\n', out);
}

static int by_fingerprint(const void *left, const void *right)
{
    const struct finding *a = *(struct finding *const *)left, *b = *(struct finding *const *)right;
    if (a->fingerprint != b->fingerprint)
        return a->fingerprint < b->fingerprint ? -1 : 1;
    return strcmp(a->message, b->message);
}

/* Two places of one function make the same block: by fingerprint they are neighbours, and the first speaks for all. */
static int write_suppressions(FILE *out, const struct report_view *view)
{
    size_t count = view->findings->count;
    struct finding **sorted = calloc(count + 1, sizeof(struct finding *));
    if (sorted == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(sorted, view->findings->items, count * sizeof(struct finding *));
    qsort(sorted, count, sizeof(struct finding *), by_fingerprint);
    for (size_t i = 0; i < count; i++)
        if ((sorted[i]->severity != SEVERITY_NOTE || view->options->show_notes) &&
            (i == 0 || sorted[i]->fingerprint != sorted[i - 1]->fingerprint))
            put_block(out, sorted[i]);
    free(sorted);
    return 0;
}

const struct writer writer_suppressions = {"suppressions", write_suppressions};
