/*
 * --format text: one paragraph per finding, in the manner of a good compiler.
 *
 *     error: 5000 files opened in load() were never closed [leak-at-exit]
 *       --> conn.c:88
 *        |
 *     88 | int fd = open(path, O_RDONLY);
 *        |
 *        = descriptors 3-5002 of app (process 42)
 *        = "/etc/passwd" 4990 times, "/tmp/x" 10 times
 *     opened by open() after 0.001 s:
 *        load              conn.c:88
 *        main              main.c:14
 *     help: close each of them ...
 */
#include "escape.h"
#include "out/limits_text.h"
#include "out/place.h"
#include "out/source.h"
#include "out/story.h"
#include "out/tree.h"
#include "out/writer.h"
#include "path.h"
#include "rule.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHORT_MOST = 50, FUNCTION_WIDTH = 24, NAMES_SHOWN = 3, NAMES_COMPARED = 16, PROCESSES_SHOWN = 4, IMAGES_SHOWN = 20, SOURCE_MAX = 120, WIDTH = 100 };

/* The colours of a compiler, or nothing. */
struct style { const char *error, *warning, *note, *bold, *dim, *help, *end; };
static const struct style plain = {"", "", "", "", "", "", ""};
static const struct style colored = {"\033[1;31m", "\033[1;33m", "\033[1;36m", "\033[1m", "\033[2m", "\033[1;32m",
                                     "\033[0m"};

static const struct style *choose_style(FILE *out, enum report_color color)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (color != COLOR_AUTO)
        return color == COLOR_ALWAYS ? &colored : &plain;
    bool wanted = isatty(fileno(out)) == 1 && (no_color == NULL || *no_color == '\0') &&
                  (term == NULL || strcmp(term, "dumb") != 0);
    return wanted ? &colored : &plain;
}

static const char *severity_style(const struct style *style, enum severity severity)
{
    return severity == SEVERITY_ERROR ? style->error : severity == SEVERITY_WARNING ? style->warning : style->note;
}

static void put_frame(FILE *out, const struct style *style, const struct model_frame *frame, const struct image *image)
{
    char *function = NULL;
    size_t length = 0;
    FILE *text = open_memstream(&function, &length);
    if (text == NULL)
        return;
    escape_print(text, frame->function != NULL ? frame->function : "??");
    fclose(text);
    fprintf(out, "     %-*s  %s", FUNCTION_WIDTH, function, style->dim);
    free(function);
    story_location(out, frame, image->cwd);
    if (frame->inlined)
        fputs(" (inlined)", out);
    else if (frame->module != NULL && frame->file != NULL && strcmp(frame->module, image->exe) != 0) {
        fputs(" in ", out);
        escape_print(out, path_last(frame->module));
    } else if (frame->file == NULL && frame->function == NULL && frame->build_id != NULL) {
        fprintf(out, " (build id %.12s)", frame->build_id);
    }
    fprintf(out, "%s\n", style->end);
}

static const char *role_phrase(const char *role, const char *call)
{
    static const struct { const char *role, *phrase; } phrases[] = {
        {"death", "first closed"}, {"second-close", "closed again"}, {"use", "used"}, {"limit", "refused"},
        {"exec", "handed on"}, {"send", "sent"}, {"receive", "received"},
        {"overwrite", "overwritten"}, {"set-cloexec", "given close-on-exec"}, {"fork", "forked meanwhile"}, {"victim-birth", "given to another owner"},
        {"register", "registered"}, {"set-again", "close-on-exec set again"},
    };
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (strcmp(phrases[i].role, role) == 0)
            return phrases[i].phrase;
    return words_birth(call);
}

/* A name that commands nobody: a thread may be called anything. */
static void put_thread(FILE *out, const struct finding *finding, const struct finding_stack *stack)
{
    char *words = NULL;
    size_t size = 0;
    FILE *raw = open_memstream(&words, &size);
    if (raw == NULL)
        return;
    words_thread(raw, finding, stack);
    if (fclose(raw) == 0)
        escape_print(out, words);
    free(words);
}

static void put_stack(FILE *out, const struct style *style, const struct finding *finding,
                      const struct finding_stack *stack)
{
    bool only_closed = (strcmp(stack->role, "death") == 0 && finding_stack(finding, "register") != NULL) ||
                       (strcmp(stack->role, "second-close") == 0 && finding->rule->code == &rule_close_mismatch);
    fprintf(out, "   %s%s%s by ", style->bold, only_closed ? "closed" : role_phrase(stack->role, stack->call), style->end);
    escape_print(out, stack->call != NULL ? stack->call : "an unseen call");
    fprintf(out, "%s, %.6f s after the start", stack->call != NULL ? "()" : "", model_seconds(stack->image, stack->ns));
    put_thread(out, finding, stack);
    size_t shown = stack->stack.count;
    while (shown > 1 && is_startup(stack->stack.frames[shown - 1].function))
        shown--;
    fputs(shown > 0 ? ":\n" : " (no stack was recorded)\n", out);
    for (size_t i = 0; i < shown; i++)
        put_frame(out, style, &stack->stack.frames[i], finding->images[0]);
    if (stack->stack.stuck)
        fputs("     ... (the stack could not be followed further)\n", out);
    else if (stack->stack.cut)
        fputs("     ... (deeper frames were not recorded; depth= sets how many are)\n", out);
}

/* Where to look first: the place of the offence, in the program's own code, and its source line if it is at hand. */
static void put_place(FILE *out, const struct style *style, const struct finding *finding)
{
    if (finding->stack_count == 0)
        return;
    const struct model_frame *frame = finding_own_frame(finding, &finding->stacks[0].stack);
    if (frame == NULL)
        return;
    char text[SOURCE_MAX];
    bool found = source_line(frame->file, frame->line, frame->module, text, sizeof(text));
    int digits = snprintf(NULL, 0, "%u", frame->line), margin = found && digits > 2 ? digits : 2;
    fprintf(out, "%*s%s-->%s ", margin, "", style->note, style->end);
    story_location(out, frame, finding->images[0]->cwd);
    putc('\n', out);
    if (!found)
        return;
    fprintf(out, "%s%*u |%s ", style->note, margin, frame->line, style->end);
    escape_print(out, text);
    putc('\n', out);
}

/* The names of a finding with many descriptors, and how many have each. Only the first few are told apart. */
static void put_names(FILE *out, const struct finding *finding)
{
    struct { const char *name; size_t count; } names[NAMES_COMPARED];
    size_t distinct = 0, others = 0;
    for (size_t i = 0; i < finding->descriptor_count; i++) {
        const char *name = descriptor_name(&finding->descriptors[i]);
        size_t j = 0;
        if (*name == '\0')
            continue;
        while (j < distinct && strcmp(names[j].name, name) != 0)
            j++;
        if (j == distinct && distinct < NAMES_COMPARED) {
            names[distinct].name = name;
            names[distinct++].count = 0;
        }
        if (j < distinct)
            names[j].count++;
        else
            others++;
    }
    if (distinct == 0)
        return;
    fputs("   = ", out);
    for (size_t j = 0; j < distinct && j < NAMES_SHOWN; j++) {
        fputs(j > 0 ? ", \"" : "\"", out);
        escape_print(out, names[j].name);
        fprintf(out, names[j].count > 1 ? "\" %zu times" : "\"", names[j].count);
    }
    for (size_t j = NAMES_SHOWN; j < distinct; j++)
        others += names[j].count;
    if (others > 0)
        fprintf(out, " and %zu more", others);
    putc('\n', out);
}

/* Descriptors are listed image by image; numbers of different images must not be mixed. */
static size_t of_first_image(const struct finding *finding)
{
    size_t count = 0;
    while (count < finding->descriptor_count && finding->descriptors[count].image == finding->images[0])
        count++;
    return count;
}

static void put_who(FILE *out, const struct finding *finding)
{
    const struct image *first = finding->images[0];
    size_t count = of_first_image(finding);
    if (first->segment == NULL)
        return;
    fputs("   = ", out);
    if (count > 0 && finding->descriptors[0].fd >= 0) {
        fputs(count > 1 ? "descriptors " : "descriptor ", out);
        words_numbers(out, finding->descriptors, count);
        fputs(" of ", out);
    }
    escape_print(out, first->program[0] != '\0' ? first->program : "an unknown program");
    fprintf(out, " (process %d)", first->pid);
    if (finding->image_count > 1) {
        fprintf(out, ", and in %zu more image%s of it: process", finding->image_count - 1,
                finding->image_count > 2 ? "s" : "");
        for (size_t i = 1; i < finding->image_count && i <= PROCESSES_SHOWN; i++)
            fprintf(out, "%s %d", i > 1 ? "," : "", finding->images[i]->pid);
        if (finding->image_count - 1 > PROCESSES_SHOWN)
            fputs(", ...", out);
    }
    putc('\n', out);
    if (finding->known > 0)
        fprintf(out, "   = %llu of them are known from the baseline\n", (unsigned long long)finding->known);
}

/* Of those that were open at the end, where uses were timed: the latest one, and how many were not used at all. */
static void put_uses(FILE *out, const struct finding *finding)
{
    size_t timed = 0, never = 0;
    double shortest = 0, seconds;
    for (size_t i = 0; i < finding->descriptor_count; i++) {
        const struct descriptor *descriptor = &finding->descriptors[i];
        enum descriptor_use use = descriptor_use(descriptor, &seconds);
        never += use == USE_NEVER;
        if (use != USE_TIMED)
            continue;
        double idle = model_seconds(descriptor->image, descriptor->image->end_ns) - seconds;
        shortest = timed++ == 0 || idle < shortest ? idle : shortest;
    }
    if (timed + never == 0)
        return;
    fputs("   = ", out);
    if (timed > 0)
        fprintf(out, "last used %.1f s before the end", shortest > 0 ? shortest : 0.0);
    if (never > 0 && finding->descriptor_count > 1)
        fprintf(out, "%s%zu never used", timed > 0 ? "; " : "", never);
    else if (never > 0)
        fputs("never used", out);
    putc('\n', out);
}

/* Words of raw text, escaped, from column `column` on; lines end before WIDTH and go on with an indentation. */
static void put_wrapped(FILE *out, const char *text, size_t column)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        char *word = strndup(text, length);
        if (column + length > WIDTH) {
            fputs("\n        ", out);
            column = 8;
        }
        if (word != NULL)
            escape_print(out, word);
        free(word);
        column += length + 1;
        text += length;
        if (*text == ' ') {
            text++;
            if (column + strcspn(text, " ") <= WIDTH)
                putc(' ', out);
        }
    }
}

static void put_finding(FILE *out, const struct style *style, const struct finding *finding)
{
    enum severity severity = finding->severity;
    fprintf(out, "%s%s%s:%s ", severity_style(style, severity), severity_name(severity), style->end, style->bold);
    escape_print(out, finding->message);
    fprintf(out, "%s [%s]\n", style->end, finding->rule->id);
    put_place(out, style, finding);
    put_who(out, finding);
    if (finding->descriptor_count > 0) /* how the first one got here, when it was born elsewhere */
        story_ways(out, &finding->descriptors[0], "   = ", "\n");
    if (finding->count > 1)
        put_names(out, finding);
    put_uses(out, finding);
    for (size_t i = 0; i < finding->stack_count; i++)
        put_stack(out, style, finding, &finding->stacks[i]);
    limits_put(out, finding);
    if (finding->suggestion[0] != '\0') {
        fprintf(out, "   %shelp:%s ", style->help, style->end);
        put_wrapped(out, finding->suggestion, 9);
        putc('\n', out);
    }
    putc('\n', out);
}

/* Overflows are counted, never hidden; each can be cured by an option. */
static void put_losses(FILE *out, const struct model *model)
{
    uint64_t slots = 0, stacks = 0, incidents = 0, execs = 0;
    size_t parted = 0;
    for (size_t i = 0; i < model->image_count; i++) {
        if (model->images[i].segment == NULL)
            continue;
        const struct fdt_lost *lost = &model->images[i].segment->header.lost;
        slots += lost->slots;
        stacks += lost->sites;
        incidents += lost->incidents;
        execs += lost->execs + lost->crossings;
        parted += (model->images[i].segment->header.flags & FDT_HEADER_PARTED) != 0;
    }
    if (parted > 0)
        fprintf(out, "fdtrace: in %zu image%s a thread went on with descriptors of its own (unshare); what it did with "
                     "them was not recorded\n", parted, parted > 1 ? "s" : "");
    if (slots > 0)
        fprintf(out, "fdtrace: %llu births were not recorded for want of room (max_fds= sets how many are kept)\n",
                (unsigned long long)slots);
    if (stacks > 0)
        fprintf(out, "fdtrace: %llu stacks were not recorded for want of room (sites= sets how many are kept)\n",
                (unsigned long long)stacks);
    if (execs > 0)
        fprintf(out, "fdtrace: %llu programs started, or descriptors they were given, were not recorded for want of room\n",
                (unsigned long long)execs);
    if (incidents > 0)
        fprintf(out, "fdtrace: %llu misuses were not recorded for want of room\n", (unsigned long long)incidents);
}

/* One line for a finding there is no room to tell in full. */
static void put_short(FILE *out, const struct style *style, const struct finding *finding)
{
    enum severity severity = finding->severity;
    fprintf(out, "%s%s%s: ", severity_style(style, severity), severity_name(severity), style->end);
    escape_print(out, finding->message);
    fprintf(out, " [%s]", finding->rule->id);
    const struct model_frame *frame =
        finding->stack_count > 0 ? finding_own_frame(finding, &finding->stacks[0].stack) : NULL;
    if (frame != NULL) {
        fputs(" at ", out);
        story_location(out, frame, finding->images[0]->cwd);
    }
    putc('\n', out);
}

/* The rest, by rule; those in a row share a line. They come sorted by rule. */
static void put_rest(FILE *out, const struct findings *findings, size_t first, bool notes)
{
    const char *separator = "fdtrace: not told here: ";
    bool any = false;
    for (size_t i = first, next; i < findings->count; i = next) {
        const struct rule *rule = findings->items[i]->rule;
        uint64_t count = 0;
        for (next = i; next < findings->count && findings->items[next]->rule == rule; next++)
            count += findings->items[next]->count;
        if (rule->severity == SEVERITY_NOTE && !notes)
            continue;
        fprintf(out, "%s%zu places of %s (%llu times)", separator, next - i, rule->id, (unsigned long long)count);
        separator = ", ";
        any = true;
    }
    if (any)
        fputs("; --limit=0 tells all, -o json:FILE keeps all\n", out);
}

/* The most severe and most frequent in full, as many again in a line each, the rest as numbers. */
static void put_findings(FILE *out, const struct style *style, const struct report_view *view)
{
    const struct report_options *options = view->options;
    size_t told = 0, i = 0;
    for (; i < view->findings->count && (options->limit == 0 || told < options->limit + SHORT_MOST); i++) {
        const struct finding *finding = view->findings->items[i];
        if (finding->severity == SEVERITY_NOTE && !options->show_notes)
            continue;
        if (options->limit == 0 || told < options->limit)
            put_finding(out, style, finding);
        else
            put_short(out, style, finding);
        told++;
    }
    put_rest(out, view->findings, i, options->show_notes);
}

/* What was put aside, and suppressions that did not do what they were written for. */
static void put_aside(FILE *out, const struct report_view *view)
{
    const struct suppressions *list = view->options->suppressions;
    const struct report_result *result = view->result;
    if (result->suppressed > 0)
        fprintf(out, "; %zu suppressed", result->suppressed);
    if (result->known > 0)
        fprintf(out, "; %zu known from the baseline", result->known);
    if (result->gone > 0)
        fprintf(out, "; %zu of the baseline gone", result->gone);
    const char *separator = "; suppressions";
    for (size_t i = 0; i < list->count; i++) {
        const struct suppression *item = &list->items[i];
        if (item->state == SUPPRESSION_USED || (item->state == SUPPRESSION_UNUSED && item->embedded))
            continue;
        fprintf(out, "%s %s: ", separator, suppression_state_name(item->state));
        escape_print(out, item->name);
        fputs(" (", out);
        escape_print(out, item->source);
        fprintf(out, ":%u", item->line);
        if (item->state == SUPPRESSION_EXCEEDED)
            fprintf(out, ", %llu and not %llu", (unsigned long long)item->count, (unsigned long long)item->max);
        if (item->state == SUPPRESSION_EXPIRED)
            fprintf(out, ", on %s", item->expires);
        putc(')', out);
        separator = ",";
    }
}

static void put_count(FILE *out, const char **separator, size_t count, const char *what)
{
    if (count == 0)
        return;
    fprintf(out, "%s%zu %s%s", *separator, count, what, count > 1 ? "s" : "");
    *separator = ", ";
}

static void put_summary(FILE *out, const struct report_view *view, bool notes_hidden)
{
    const struct report_result *result = view->result;
    const struct model *model = view->model;
    uint64_t births = 0, open = 0, running = 0;
    for (size_t i = 0; i < model->image_count; i++) {
        const struct image *image = &model->images[i];
        births += image->births;
        running += image->end.how == END_RUNNING;
        for (size_t j = 0; j < image->open_count && image->end.how != END_EXEC; j++)
            open += (image->open[j].state & (FDT_INHERITED | FDT_HIDDEN | FDT_IGNORED)) == 0;
    }
    const char *separator = " ";
    fputs("fdtrace:", out);
    put_count(out, &separator, result->errors, "error");
    put_count(out, &separator, result->warnings, "warning");
    put_count(out, &separator, result->notes, "note");
    if (result->findings == 0)
        fputs(" no findings", out);
    if (result->notes > 0 && notes_hidden)
        fputs(" (--show=note lists notes)", out);
    fprintf(out, " in %zu image%s: %llu descriptor%s opened, %llu open at the end", result->images,
            result->images != 1 ? "s" : "", (unsigned long long)births, births != 1 ? "s" : "",
            (unsigned long long)open);
    if (running > 0)
        fprintf(out, "; %llu still running", (unsigned long long)running);
    if (result->untraced > 0)
        fprintf(out, "; %zu not traced", result->untraced);
    put_aside(out, view);
    putc('\n', out);
    if (result->verdict[0] != '\0')
        fprintf(out, "fdtrace: failed: %s\n", result->verdict);
}

/* Who is who among the processes; on a clean run nobody asks. */
static void put_tree(FILE *out, const struct report_view *view)
{
    const struct report_options *options = view->options;
    bool worth = options->extent == REPORT_FULL && view->result->errors + view->result->warnings > 0;
    if (!options->show_images && (!worth || view->model->image_count < 2))
        return;
    fputs("programs:\n", out);
    tree_print(out, view->model, options->show_images ? SIZE_MAX : IMAGES_SHOWN);
    putc('\n', out);
}

static int write_text(FILE *out, const struct report_view *view)
{
    const struct report_options *options = view->options;
    const struct style *style = choose_style(out, options->color);
    if (options->extent == REPORT_NONE)
        return 0;
    if (options->extent == REPORT_FULL)
        put_findings(out, style, view);
    put_tree(out, view);
    put_losses(out, view->model);
    if (options->open_only) /* it stands amid other people's output, and the process has not ended */
        return 0;
    put_summary(out, view, !options->show_notes || options->extent != REPORT_FULL);
    return 0;
}

const struct writer writer_text = {"text", write_text};
