/*
 * --format gitlab: the code quality report of GitLab, an array of findings. It knows one by its fingerprint, which
 * has to be unique in the report, and links its place if that is a file of the repository.
 */
#include "out/json_values.h"
#include "out/ordinal.h"
#include "out/place.h"
#include "out/writer.h"
#include "rule.h"

#include <errno.h>
#include <stdlib.h>

static const char *severity_of(enum severity severity)
{
    static const char *const names[] = {"info", "minor", "major"};
    return names[severity];
}

/* A line is asked for, even where only the file is known. */
static json_t *location_value(const struct checkout *checkout, const struct finding *finding)
{
    struct place place = place_of(checkout, finding);
    json_t *value = json_pack("{s:o, s:{s:I}}", "path", json_of_words(place.file != NULL ? place.file : ""), "lines",
                              "begin", (json_int_t)(place.line > 0 ? place.line : 1));
    place_free(&place);
    return value;
}

static json_t *finding_value(const struct checkout *checkout, const struct finding *finding, size_t ordinal)
{
    char fingerprint[40];
    int length = snprintf(fingerprint, sizeof(fingerprint), "%016llx", (unsigned long long)finding->fingerprint);
    if (ordinal > 0)
        snprintf(fingerprint + length, sizeof(fingerprint) - (size_t)length, "-%zu", ordinal + 1);
    return json_pack("{s:o, s:s, s:s, s:s, s:o}", "description", json_of_words(finding->message), "check_name",
                     finding->rule->id, "fingerprint", fingerprint, "severity", severity_of(finding->rule->severity),
                     "location", location_value(checkout, finding));
}

/* A recording with holes: not a finding of the program, but the widget shows nothing else. */
static json_t *unrecorded_value(const struct report_view *view)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:o, s:{s:i}}}", "description", UNRECORDED_WORDS, "check_name", "fdtrace",
                     "fingerprint", "unrecorded", "severity", "blocker", "location", "path",
                     json_of_words(view->model->images[0].exe), "lines", "begin", 1);
}

static int write_gitlab(FILE *out, const struct report_view *view)
{
    struct checkout checkout;
    size_t *ordinals = finding_ordinals(view->findings);
    int result = ordinals != NULL ? 0 : -ENOMEM;
    checkout_find(&checkout);
    putc('[', out);
    for (size_t i = 0; i < view->findings->count && result == 0; i++) {
        fputs(i > 0 ? ",\n  " : "\n  ", out);
        result = json_print(out, finding_value(&checkout, view->findings->items[i], ordinals[i]));
    }
    if (view->result->unrecorded && result == 0) {
        fputs(view->findings->count > 0 ? ",\n  " : "\n  ", out);
        result = json_print(out, unrecorded_value(view));
    }
    fputs(" ]\n", out);
    checkout_free(&checkout);
    free(ordinals);
    return result;
}

const struct writer writer_gitlab = {"gitlab", write_gitlab};
