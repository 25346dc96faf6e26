/*
 * --format github: workflow commands, which GitHub turns into annotations beside the code, the worst ten of each level,
 * as it shows no more of a step. All findings go as a table to the summary of the step, the file GITHUB_STEP_SUMMARY
 * names.
 *
 * The runner looks for commands in whatever a step prints. In a command %, CR and LF are written %XX, in its properties
 * : and , too, so that no name can end the command and begin another.
 */
#include "escape.h"
#include "out/place.h"
#include "output_file.h"
#include "out/story.h"
#include "out/writer.h"
#include "rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ANNOTATIONS_MOST = 10,
    SUMMARY_MOST = 900 * 1024 /* bytes: of more than 1 MiB the runner keeps nothing */
};

static const char *command_of(enum severity severity)
{
    static const char *const names[] = {"notice", "warning", "error"};
    return names[severity];
}

/* text is escaped for people already; `special` are the characters that end what it stands in. */
static void put_escaped(FILE *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++)
        if (strchr(special, *text) != NULL)
            fprintf(out, "%%%02X", (unsigned char)*text);
        else
            putc(*text, out);
}

static void put_data(FILE *out, const char *raw)
{
    char *safe = escape_text(raw);
    if (safe != NULL)
        put_escaped(out, safe, "%\r\n");
    free(safe);
}

static void put_property(FILE *out, const char *raw)
{
    char *safe = escape_text(raw);
    if (safe != NULL)
        put_escaped(out, safe, "%\r\n:,");
    free(safe);
}

static void put_annotation(FILE *out, const struct checkout *checkout, const struct finding *finding)
{
    struct place place = place_of(checkout, finding);
    fprintf(out, "::%s ", command_of(finding->rule->severity));
    if (place.inside) {
        fputs("file=", out);
        put_property(out, place.file);
        fputc(',', out);
        if (place.line > 0)
            fprintf(out, "line=%u,", place.line);
    }
    fprintf(out, "title=%s::", finding->rule->id);
    put_data(out, finding->message);
    if (!place.inside && place.file != NULL) {
        fputs("%0Aat ", out);
        put_data(out, place.file);
        if (place.line > 0)
            fprintf(out, ":%u", place.line);
    }
    if (finding->suggestion[0] != '\0') {
        fputs("%0Ahelp: ", out);
        put_data(out, finding->suggestion);
    }
    putc('\n', out);
    place_free(&place);
}

static void put_annotations(FILE *out, const struct checkout *checkout, const struct report_view *view)
{
    size_t told[SEVERITY_ERROR + 1] = {0};
    for (size_t i = 0; i < view->findings->count; i++)
        if (told[view->findings->items[i]->rule->severity]++ < ANNOTATIONS_MOST)
            put_annotation(out, checkout, view->findings->items[i]);
    for (int level = SEVERITY_ERROR; level >= SEVERITY_NOTE; level--)
        if (told[level] > ANNOTATIONS_MOST)
            fprintf(out, "fdtrace: %zu more %ss have no annotation; the summary of the step lists all\n",
                    told[level] - ANNOTATIONS_MOST, severity_name((enum severity)level));
}

/* Text of a table of HTML. There is no line in it, so Markdown never gets hold of it again. */
static void put_html(FILE *out, const char *raw)
{
    char *safe = escape_text(raw);
    for (const char *byte = safe; safe != NULL && *byte != '\0'; byte++)
        if (strchr("&<>\"'", *byte) != NULL)
            fprintf(out, "&#%d;", *byte);
        else
            putc(*byte, out);
    free(safe);
}

static void put_row(FILE *out, const struct checkout *checkout, const struct finding *finding)
{
    struct place place = place_of(checkout, finding);
    fprintf(out, "<tr><td>%s</td><td>%s</td><td>%llu</td><td>", severity_name(finding->rule->severity),
            finding->rule->id, (unsigned long long)finding->count);
    put_html(out, finding->message);
    fputs("</td><td>", out);
    put_html(out, finding->images[0]->program);
    fputs("</td><td>", out);
    if (place.file != NULL)
        put_html(out, place.file);
    if (place.line > 0)
        fprintf(out, ":%u", place.line);
    fputs("</td></tr>\n", out);
    place_free(&place);
}

static void put_counts(FILE *out, const struct report_result *result)
{
    const size_t counts[] = {result->errors, result->warnings, result->notes};
    const char *separator = "fdtrace: ";
    for (int i = 0; i < 3; i++)
        if (counts[i] > 0) {
            fprintf(out, "%s%zu %s%s", separator, counts[i], severity_name((enum severity)(SEVERITY_ERROR - i)),
                    counts[i] > 1 ? "s" : "");
            separator = ", ";
        }
    fputs(result->findings == 0 ? "fdtrace: no findings\n" : "\n", out);
}

static void put_table(FILE *out, const struct checkout *checkout, const struct report_view *view)
{
    const struct findings *findings = view->findings;
    size_t i = 0;
    fseek(out, 0, SEEK_END); /* what stands there already counts, too */
    fputs("\n### ", out);
    put_counts(out, view->result);
    if (view->result->unrecorded)
        fputs("\n**" UNRECORDED_WORDS "**\n", out);
    if (findings->count == 0)
        return;
    fputs("\n<table>\n<tr><th>severity</th><th>rule</th><th>count</th><th>finding</th><th>program</th>"
          "<th>place</th></tr>\n", out);
    for (; i < findings->count && ftell(out) < SUMMARY_MOST; i++)
        put_row(out, checkout, findings->items[i]);
    if (i < findings->count)
        fprintf(out, "<tr><td colspan=\"6\">%zu more have no room here</td></tr>\n", findings->count - i);
    fputs("</table>\n", out);
}

/* 0 or negative errno. The file may hold what other commands of the step had to say. */
static int write_summary(const char *path, const struct checkout *checkout, const struct report_view *view)
{
    FILE *out = output_file_open(path, "ae");
    if (out == NULL)
        return -errno;
    put_table(out, checkout, view);
    bool failed = ferror(out) != 0;
    int error = errno;
    if (fclose(out) != 0)
        return -errno;
    return failed ? -error : 0;
}

static int write_github(FILE *out, const struct report_view *view)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    struct checkout checkout;
    checkout_find(&checkout);
    put_annotations(out, &checkout, view);
    if (view->result->unrecorded)
        fputs("::error title=fdtrace::" UNRECORDED_WORDS "\n", out);
    int code = path != NULL && *path != '\0' ? write_summary(path, &checkout, view) : 0;
    if (code < 0)
        fprintf(out, "::warning title=fdtrace::cannot write the summary of the step: %s\n", strerror(-code));
    put_counts(out, view->result);
    checkout_free(&checkout);
    return 0;
}

const struct writer writer_github = {"github", write_github};
