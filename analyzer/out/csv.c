/*
 * --format csv: RFC 4180, a line of names, then one row a descriptor of each finding, and one for a finding without
 * any. A cell that a spreadsheet would take for a formula begins with an apostrophe; so does one that begins with one
 * itself, so that nothing is lost.
 */
#include "escape.h"
#include "out/place.h"
#include "out/writer.h"
#include "rule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What calculates, in ASCII and in the full width that some spreadsheets take alike. */
static bool is_active(const char *text)
{
    static const char *const beginnings[] = {"=", "+", "-", "@", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

/* raw may be NULL: an empty cell. */
static void put_cell(FILE *out, const char *raw)
{
    char *safe = escape_text(raw != NULL ? raw : "");
    if (safe != NULL && *safe != '\0') {
        fputs(is_active(safe) ? "\"'" : "\"", out);
        for (const char *byte = safe; *byte != '\0'; byte++) {
            if (*byte == '"')
                putc('"', out);
            putc(*byte, out);
        }
        putc('"', out);
    }
    free(safe);
}

static void put_next(FILE *out, const char *raw)
{
    putc(',', out);
    put_cell(out, raw);
}

/* The cells of the finding alone, which each of its rows repeats. */
static void put_finding(FILE *out, const struct checkout *checkout, const struct finding *finding)
{
    struct place place = place_of(checkout, finding);
    fprintf(out, "%s,%s,%016" PRIx64 ",%" PRIu64, severity_name(finding->rule->severity), finding->rule->id,
            finding->fingerprint, finding->count);
    put_next(out, finding->message);
    put_next(out, finding->suggestion);
    put_next(out, place.file);
    fprintf(out, place.line > 0 ? ",%u" : ",", place.line);
    put_next(out, place.frame != NULL ? place.frame->function : NULL);
    put_next(out, finding->target);
    fprintf(out, finding->crossings > 0 ? ",%" PRIu64 : ",", finding->crossings);
    place_free(&place);
}

/* descriptor may be NULL; a number below 0 is none. */
static void put_descriptor(FILE *out, const struct image *image, const struct descriptor *descriptor)
{
    put_next(out, image->program);
    fprintf(out, ",%d,", image->pid);
    if (descriptor == NULL || descriptor->fd < 0) {
        fputs(",,,,,,\r\n", out);
        return;
    }
    fprintf(out, "%d,%s", descriptor->fd, kind_name(descriptor->kind));
    put_next(out, descriptor_name(descriptor));
    put_next(out, descriptor_call(descriptor));
    fprintf(out, ",%s,%s,", descriptor_state(descriptor), (descriptor->state & FDT_CLOEXEC) != 0 ? "true" : "false");
    if (descriptor->life->ns != 0)
        fprintf(out, "%.6f", model_seconds(descriptor->image, descriptor->life->ns));
    fputs("\r\n", out);
}

static int write_csv(FILE *out, const struct report_view *view)
{
    struct checkout checkout;
    checkout_find(&checkout);
    fputs("severity,rule,fingerprint,count,message,suggestion,file,line,function,target,crossings,program,pid,"
          "fd,kind,name,call,state,cloexec,born\r\n", out);
    for (size_t i = 0; i < view->findings->count; i++) {
        const struct finding *finding = view->findings->items[i];
        for (size_t j = 0; j < finding->descriptor_count || j == 0; j++) {
            const struct descriptor *descriptor = j < finding->descriptor_count ? &finding->descriptors[j] : NULL;
            put_finding(out, &checkout, finding);
            put_descriptor(out, descriptor != NULL ? descriptor->image : finding->images[0], descriptor);
        }
    }
    if (view->result->unrecorded) /* of no rule: a recording with holes is no finding */
        fputs("error,,,1,\"" UNRECORDED_WORDS "\",,,,,,,,,,,,,,,\r\n", out);
    checkout_free(&checkout);
    return 0;
}

const struct writer writer_csv = {"csv", write_csv};
