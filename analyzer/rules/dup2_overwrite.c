/*
 * dup2-overwrite: dup2 or dup3 silently closed a live descriptor above 2. Often meant, hence a note; when it is not, it is
 * the close nobody finds. A shell moves numbers about all day, by the script's own orders.
 */
#include "rules/incident.h"
#include "words.h"

static void check(const struct rule *rule, const struct image *image, struct findings *findings)
{
    if (image->segment != NULL && (image->segment->header.flags & FDT_HEADER_SHELL) == 0)
        incidents_report(rule, image, findings, FDT_INCIDENT_OVERWRITE, "overwrite");
}

static void describe(const struct finding *finding, FILE *message, FILE *suggestion)
{
    const struct finding_stack *overwrite = finding_stack(finding, "overwrite");
    words_thing(message, &finding->descriptors[0]);
    fprintf(message, " (descriptor %d) was still open when %s()", finding->descriptors[0].fd,
            overwrite->call != NULL ? overwrite->call : "dup2");
    words_place(message, finding, overwrite);
    fputs(" put another on its number", message);
    if (finding->count > 1)
        fprintf(message, ", %llu times", (unsigned long long)finding->count);
    fputs("if that is meant, close it first, so that readers and errors of the close are not lost", suggestion);
}

const struct rule_code rule_dup2_overwrite = {check, describe, .by_line = true};
