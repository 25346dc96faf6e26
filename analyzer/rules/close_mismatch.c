/*
 * close-mismatch: the number of a handle was closed by other means than the handle's own. The handle lives on with a number
 * that is not its own any more: whatever it reads, writes or closes next may be another's.
 */
#include "rules/incident.h"
#include "words.h"

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    incidents_report(rule, image, findings, FDT_INCIDENT_MISMATCH, "second-close");
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *close = finding_stack(finding, "second-close");
    const struct descriptor *hit = &finding->descriptors[0];
    words_thing(message, hit);
    fprintf(message, " (descriptor %d) belongs to a %s, but was closed by %s()", hit->fd,
            hit->life->owner == FDT_OWNER_POPEN ? "stream of popen" : owner_name(hit->life->owner),
            close->call != NULL ? close->call : "close");
    words_place(message, finding, close);
    if (finding->count > 1)
        fprintf(message, ", %llu times", (unsigned long long)finding->count);
    fprintf(suggestion, "end it with %s(), which closes the number, too", owner_end(hit->life->owner));
}

const struct rule_code rule_close_mismatch = {check, describe};
